import {
  Bold,
  Italic,
  Link,
  List,
  ListOrdered,
  type LucideIcon,
  Quote,
  RemoveFormatting,
  Underline,
} from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type Squire from "squire-rte";
import { type Key, t } from "../i18n/index.ts";
import { IconButton } from "../ui/icon-button.tsx";

interface Tool {
  label: Key;
  icon: LucideIcon;
  shortcut?: string;
  /** Whether the text at the caret has it. */
  isOn?: (squire: Squire) => boolean;
  run: (squire: Squire, isOn: boolean) => void;
}

const isIn = (tag: string) => (squire: Squire) =>
  squire.hasFormat(tag) || new RegExp(`(^|>)${tag}\\b`).test(squire.getPath());

const TOOLS: Tool[] = [
  {
    label: "compose.bold",
    icon: Bold,
    shortcut: "Ctrl+B",
    isOn: isIn("B"),
    run: (squire, isOn) => (isOn ? squire.removeBold() : squire.bold()),
  },
  {
    label: "compose.italic",
    icon: Italic,
    shortcut: "Ctrl+I",
    isOn: isIn("I"),
    run: (squire, isOn) => (isOn ? squire.removeItalic() : squire.italic()),
  },
  {
    label: "compose.underline",
    icon: Underline,
    shortcut: "Ctrl+U",
    isOn: isIn("U"),
    run: (squire, isOn) => (isOn ? squire.removeUnderline() : squire.underline()),
  },
  {
    label: "compose.list",
    icon: List,
    shortcut: "Ctrl+Shift+8",
    isOn: isIn("UL"),
    run: (squire, isOn) => (isOn ? squire.removeList() : squire.makeUnorderedList()),
  },
  {
    label: "compose.numbers",
    icon: ListOrdered,
    shortcut: "Ctrl+Shift+9",
    isOn: isIn("OL"),
    run: (squire, isOn) => (isOn ? squire.removeList() : squire.makeOrderedList()),
  },
  {
    label: "compose.quote",
    icon: Quote,
    shortcut: "Ctrl+]",
    isOn: isIn("BLOCKQUOTE"),
    run: (squire, isOn) => (isOn ? squire.decreaseQuoteLevel() : squire.increaseQuoteLevel()),
  },
];

/** The buttons that format the text. One of them is in the Tab order; arrows go to the others. */
export function Toolbar({ squire }: { squire: Squire }) {
  const [on, setOn] = useState<boolean[]>([]);
  const [isLinking, setLinking] = useState(false);
  useEffect(() => {
    const look = () => setOn([...TOOLS.map(({ isOn }) => isOn?.(squire) ?? false), isIn("A")(squire)]);
    const events = ["pathChange", "select", "cursor", "input"];
    for (const event of events) squire.addEventListener(event, look);
    return () => {
      for (const event of events) squire.removeEventListener(event, look);
    };
  }, [squire]);

  const move = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !(event.target instanceof HTMLButtonElement)) return;
    const buttons = [...event.currentTarget.querySelectorAll("button")];
    event.preventDefault();
    buttons.at((buttons.indexOf(event.target) + step) % buttons.length)?.focus();
  };
  const hasLink = on[TOOLS.length] ?? false;
  const link = (address: string) => {
    setLinking(false);
    squire.focus();
    const text = address.trim();
    if (text)
      squire.makeLink(
        /^([a-z]+:|\/\/)/i.test(text) ? text : text.includes("@") ? `mailto:${text}` : `https://${text}`,
      );
  };

  if (isLinking) return <LinkForm onDone={link} />;
  return (
    <div className="compose-toolbar" role="toolbar" aria-label={t("compose.format")} onKeyDown={move}>
      {TOOLS.map(({ label, icon: Icon, shortcut, run }, nth) => (
        <IconButton
          key={label}
          label={t(label)}
          {...(shortcut ? { shortcut } : {})}
          tabIndex={nth === 0 ? 0 : -1}
          aria-pressed={on[nth] ?? false}
          // The text keeps the focus and its selection.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => {
            run(squire, on[nth] ?? false);
            squire.focus();
          }}
        >
          <Icon size={17} />
        </IconButton>
      ))}
      <IconButton
        label={t(hasLink ? "compose.unlink" : "compose.link")}
        tabIndex={-1}
        aria-pressed={hasLink}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => (hasLink ? squire.removeLink().focus() : setLinking(true))}
      >
        <Link size={17} />
      </IconButton>
      <IconButton
        label={t("compose.clear")}
        tabIndex={-1}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => squire.removeAllFormatting().focus()}
      >
        <RemoveFormatting size={17} />
      </IconButton>
    </div>
  );
}

function LinkForm({ onDone }: { onDone: (address: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <div className="compose-toolbar">
      <input
        ref={field}
        type="text"
        inputMode="url"
        placeholder="https://"
        aria-label={t("compose.linkAddress")}
        onKeyDown={(event) => {
          if (event.key !== "Enter" && event.key !== "Escape") return;
          event.preventDefault();
          event.stopPropagation();
          onDone(event.key === "Enter" ? event.currentTarget.value : "");
        }}
      />
      <button type="button" className="button" onClick={() => onDone(field.current?.value ?? "")}>
        {t("compose.setLink")}
      </button>
    </div>
  );
}
