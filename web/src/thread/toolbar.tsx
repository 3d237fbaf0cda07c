import {
  Archive,
  ArchiveRestore,
  ArrowLeft,
  ChevronDown,
  ChevronUp,
  Forward,
  Mail,
  Reply,
  ReplyAll,
  Star,
} from "lucide-react";
import type { ReactNode } from "react";
import { change } from "../conversations/changes.ts";
import { t } from "../i18n/index.ts";
import { currentShortcuts } from "../keyboard.ts";
import { IconButton } from "../ui/icon-button.tsx";
import type { Message } from "./fold.ts";
import { ProtectButton } from "./protect.tsx";

/** Does what a key does: the list moves on after some of them. */
export const press = (keys: string): void =>
  currentShortcuts()
    .find((each) => each.keys === keys)
    ?.run();

interface Props {
  threadId: string;
  messages: Message[];
  /** Whether it must not be deleted. */
  isProtected: boolean;
  onClose: () => void;
  /** Who else is here. */
  children?: ReactNode;
}

/** What can be done with the open conversation. */
export function Toolbar({ threadId, messages, isProtected, onClose, children }: Props) {
  const conversation = { thread_id: threadId };
  const inbound = messages.filter(({ direction }) => direction === "inbound");
  const isArchived = inbound.length > 0 && inbound.every(({ inbox }) => inbox.is_archived);
  const isStarred = messages.some(({ inbox }) => inbox.is_starred);
  return (
    <div className="thread-toolbar" role="toolbar" aria-label={t("thread.actions")}>
      <IconButton label={t("nav.back")} shortcut="u" className="thread-back" onClick={onClose}>
        <ArrowLeft size={20} />
      </IconButton>
      {isArchived ? (
        <IconButton label={t("action.unarchive")} onClick={() => change("unarchive", [conversation])}>
          <ArchiveRestore size={18} />
        </IconButton>
      ) : (
        <IconButton label={t("action.archive")} shortcut="e" onClick={() => press("e")}>
          <Archive size={18} />
        </IconButton>
      )}
      <IconButton
        label={t("action.unread")}
        shortcut="Shift+U"
        onClick={() => change("unread", [conversation])}
      >
        <Mail size={18} />
      </IconButton>
      <IconButton
        label={t(isStarred ? "action.unstar" : "action.star")}
        shortcut="s"
        aria-pressed={isStarred}
        className={isStarred ? "is-starred" : ""}
        onClick={() => change(isStarred ? "unstar" : "star", [conversation])}
      >
        <Star size={18} />
      </IconButton>
      <ProtectButton threadId={threadId} isProtected={isProtected} />
      <span className="thread-toolbar-line" />
      <IconButton label={t("action.reply")} shortcut="r" onClick={() => press("r")}>
        <Reply size={18} />
      </IconButton>
      <IconButton label={t("action.replyAll")} shortcut="a" className="only-wide" onClick={() => press("a")}>
        <ReplyAll size={18} />
      </IconButton>
      <IconButton label={t("action.forward")} shortcut="f" className="only-wide" onClick={() => press("f")}>
        <Forward size={18} />
      </IconButton>
      <span className="thread-toolbar-space">{children}</span>
      <IconButton label={t("key.previous")} shortcut="k" onClick={() => press("k")}>
        <ChevronUp size={18} />
      </IconButton>
      <IconButton label={t("key.next")} shortcut="j" onClick={() => press("j")}>
        <ChevronDown size={18} />
      </IconButton>
    </div>
  );
}

/** The buttons below the last message. */
export const ReplyBar = () => (
  <div className="reply-bar">
    <button type="button" className="button" aria-keyshortcuts="r" onClick={() => press("r")}>
      <Reply size={16} /> {t("action.reply")}
    </button>
    <button type="button" className="button" aria-keyshortcuts="a" onClick={() => press("a")}>
      <ReplyAll size={16} /> {t("action.replyAll")}
    </button>
    <button type="button" className="button" aria-keyshortcuts="f" onClick={() => press("f")}>
      <Forward size={16} /> {t("action.forward")}
    </button>
  </div>
);
