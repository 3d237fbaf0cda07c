import { useQuery } from "@tanstack/react-query";
import { Maximize2, Minus, X } from "lucide-react";
import {
  type ClipboardEvent,
  type DragEvent,
  type FocusEvent,
  type KeyboardEvent,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { toast } from "sonner";
import { t } from "../i18n/index.ts";
import { takeTyped } from "../keyboard.ts";
import { mailboxesQuery } from "../mailboxes.ts";
import { usePresence } from "../presence.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { Collision } from "./collision.tsx";
import { Fields } from "./fields.tsx";
import { FileList } from "./file-list.tsx";
import { Foot } from "./foot.tsx";
import { Notices } from "./notices.tsx";
import { closeComposer, type Intent, openComposer } from "./open.ts";
import { QuoteFold } from "./quote-fold.tsx";
import { type Editor, RichText } from "./rich-text.tsx";
import { reopen } from "./send.ts";
import { useSending } from "./sending.ts";
import { useUploads } from "./uploads.ts";
import { removeDraft, type Writer } from "./writer.ts";
import { Writers } from "./writers.tsx";

interface Props {
  writer: Writer;
  intent: Intent;
  /** Whether it is a mail that this browser has kept. */
  isRestored: boolean;
}

const TITLES = {
  new: "compose.new",
  reply: "action.reply",
  "reply-all": "action.replyAll",
  forward: "action.forward",
} as const;

/** The composer with its mail. */
export function Panel({ writer, intent, isRestored }: Props) {
  const { mail } = useSyncExternalStore(writer.subscribe, writer.state);
  const [isSmall, setSmall] = useState(false);
  const [isOver, setOver] = useState(false);
  const editor = useRef<Editor>(null);
  const to = useRef<HTMLInputElement>(null);
  const { data: mailboxes = [] } = useQuery(mailboxesQuery);
  const company = mailboxes.find(({ id }) => id === mail.account_id)?.company_id;
  const uploads = useUploads(writer, company, editor);
  const sending = useSending(writer, uploads, to);
  const others = usePresence(isSmall ? null : (mail.thread?.id ?? null), "composing");

  // What was typed while the composer was not there yet. Before the browser takes the next key, the field has the focus.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when it is opened, once or again
  useLayoutEffect(() => {
    setSmall(false);
    const typed = takeTyped();
    const isAddressed = mail.to.length > 0 || mail.text !== "";
    if (isAddressed) {
      editor.current?.focus();
      if (!typed) return;
      editor.current?.insertText(typed);
      // The editor tells of no change in the moment in which it is made.
      writer.touch();
      return;
    }
    to.current?.focus();
    if (!typed || !to.current) return;
    to.current.value += typed.replaceAll("\n", "");
    to.current.dispatchEvent(new Event("input", { bubbles: true }));
  }, [intent]);

  const leave = () => {
    // A field takes what is typed in it when it loses the focus.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    void writer.close().then((kept) => kept && tellClosed(writer));
    closeComposer();
  };
  const discard = async () => {
    closeComposer();
    const isEmpty = writer.isUntouched();
    const dropped = await writer.drop();
    await removeDraft(dropped).catch(() => toast.error(t("compose.notDiscarded")));
    if (!isEmpty)
      toast(t("compose.discarded"), { action: { label: t("action.undo"), onClick: () => reopen(dropped) } });
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const isCommand = event.ctrlKey || event.metaKey;
    // The palette belongs to the page. All other keys stay here.
    if (isCommand && event.key === "k") return;
    event.stopPropagation();
    if (sending.isBusy) return event.preventDefault();
    if (event.key === "Escape") leave();
    if (isCommand && event.key === "Enter") {
      event.preventDefault();
      void sending.send();
    }
  };
  const onDrop = (event: DragEvent) => {
    const files = [...(event.dataTransfer?.files ?? [])];
    setOver(false);
    if (!files.length) return;
    event.preventDefault();
    event.stopPropagation();
    const isText = event.target instanceof Element && event.target.closest(".rich-text") !== null;
    const images = isText ? files.filter(({ type }) => type.startsWith("image/")) : [];
    uploads.add(images, true);
    uploads.add(files.filter((file) => !images.includes(file)));
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])].filter(({ type }) => !type.startsWith("image/"));
    if (!files.length) return;
    event.preventDefault();
    event.stopPropagation();
    uploads.add(files);
  };

  // What was pressed may be gone now. Then the page would take the next keys for commands.
  const keepFocus = () =>
    setTimeout(() => {
      if (document.activeElement === document.body) editor.current?.focus();
    });

  const title = mail.subject || t(TITLES[mail.kind]);
  return (
    <section
      className={`composer ${isSmall ? "is-small" : ""} ${isOver ? "is-over" : ""}`}
      aria-label={t("compose.label")}
      aria-busy={sending.isBusy}
      onKeyDown={onKeyDown}
      onClick={keepFocus}
      onBlur={(event: FocusEvent) => {
        const isInside =
          event.relatedTarget instanceof Node &&
          event.currentTarget instanceof Node &&
          event.currentTarget.contains(event.relatedTarget);
        if (!isInside) void writer.save();
      }}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDropCapture={onDrop}
      onPasteCapture={onPaste}
    >
      <header className="composer-head">
        <h2 title={title}>{title}</h2>
        <Writers others={others} />
        <IconButton
          label={t(isSmall ? "compose.restore" : "compose.minimise")}
          onClick={() => setSmall(!isSmall)}
          aria-expanded={!isSmall}
        >
          {isSmall ? <Maximize2 size={16} /> : <Minus size={18} />}
        </IconButton>
        <IconButton label={t("compose.close")} shortcut="Escape" onClick={leave}>
          <X size={18} />
        </IconButton>
      </header>
      <div className="composer-body" hidden={isSmall}>
        <Notices writer={writer} isRestored={isRestored} />
        <Collision
          writer={writer}
          sending={sending}
          onShow={() => matchMedia("(max-width: 62rem)").matches && setSmall(true)}
        />
        <Fields writer={writer} to={to} mailboxes={mailboxes} />
        <div className="composer-text">
          <RichText
            label={t("compose.text")}
            html={mail.text}
            editor={editor}
            follow={(readText) => writer.follow(readText)}
            onInput={() => writer.touch()}
            onImages={(files) => uploads.add(files, true)}
          />
          <QuoteFold
            quote={mail.quote}
            onEdit={() => {
              editor.current?.append(mail.quote);
              writer.change({ quote: "" });
              editor.current?.focus();
            }}
            onRemove={() => {
              writer.change({ quote: "" });
              editor.current?.focus();
            }}
          />
          <FileList
            mail={mail}
            pending={uploads.pending}
            onRemove={(file) => writer.change({ files: mail.files.filter((other) => other !== file) })}
          />
        </div>
        <Foot
          writer={writer}
          sending={sending}
          onFiles={(files) => uploads.add(files)}
          onDiscard={() => void discard()}
        />
      </div>
      {isOver ? <div className="composer-drop">{t("compose.drop")}</div> : null}
    </section>
  );
}

/** Says where a mail is that was closed. */
function tellClosed(writer: Writer): void {
  const { mail, saving } = writer.state();
  if (saving === "offline") toast(t("compose.keptOffline"));
  else if (mail.draft && saving === "saved") {
    const { id } = mail.draft;
    toast(t("compose.savedAsDraft"), {
      action: { label: t("compose.open"), onClick: () => openComposer({ kind: "draft", draft_id: id }) },
    });
  }
}
