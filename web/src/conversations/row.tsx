import { Archive, ArchiveRestore, Check, Mail, MailOpen, Paperclip, Star } from "lucide-react";
import type { CSSProperties } from "react";
import { Link } from "wouter";
import { longDate, shortDate } from "../i18n/dates.ts";
import { t } from "../i18n/index.ts";
import { type ListQuery, pathOf } from "../paths.ts";
import { prefetchThread } from "../thread/query.ts";
import { Avatar } from "../ui/avatar.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { change } from "./changes.ts";
import type { Conversation } from "./pages.ts";
import { useSwipe } from "./swipe.ts";

interface Props {
  conversation: Conversation;
  query: ListQuery;
  style: CSSProperties;
  isOpen: boolean;
  /** The row that Tab leads to, and that keys act on. */
  isCursor: boolean;
  isSelected: boolean;
  onSelect: () => void;
  onFocus: () => void;
}

/** A conversation in a list. */
export function Row(props: Props) {
  const { conversation, query, style, isOpen, isCursor, isSelected, onSelect, onFocus } = props;
  const { thread_id, unread_count, is_starred, subject, message, message_count, last_message_at } =
    conversation;
  const isUnread = unread_count > 0;
  const names = namesOf(conversation, query);
  const swipe = useSwipe({
    left: () => change(archiveOf(query), [conversation]),
    right: () => change(isUnread ? "read" : "unread", [conversation]),
  });
  const className = ["row", isUnread && "is-unread", isOpen && "is-open", isSelected && "is-selected"];
  return (
    <li className={className.filter(Boolean).join(" ")} style={style} {...swipe}>
      <button
        type="button"
        className="row-select"
        aria-pressed={isSelected}
        aria-label={`${t("list.select")}: ${subject || t("list.noSubject")}`}
        tabIndex={isCursor ? 0 : -1}
        onClick={onSelect}
      >
        {isSelected ? <Check size={18} /> : <Avatar of={names[0] ?? "?"} />}
      </button>
      <Link
        href={pathOf(query, thread_id)}
        className="row-link"
        tabIndex={isCursor ? 0 : -1}
        aria-current={isOpen ? "true" : undefined}
        onFocus={onFocus}
        onPointerEnter={() => void prefetchThread(thread_id, query.view)}
      >
        <span className="row-names" dir="auto">
          {isUnread ? <span className="visually-hidden">{t("list.unread")}. </span> : null}
          {names.join(", ")}
          {message_count > 1 ? <span className="row-count">{message_count}</span> : null}
        </span>
        <time dateTime={last_message_at} title={longDate(last_message_at)}>
          {shortDate(last_message_at)}
        </time>
        <span className="row-subject" dir="auto">
          {subject || t("list.noSubject")}
        </span>
        <span className="row-icons">
          {conversation.has_attachments ? (
            <Paperclip size={14} role="img" aria-label={t("list.attachment")} />
          ) : null}
          {is_starred ? <Star size={14} className="star" role="img" aria-label={t("view.starred")} /> : null}
        </span>
        <span className="row-snippet" dir="auto">
          {message.snippet}
        </span>
      </Link>
      <span className="row-actions">
        <RowActions conversation={conversation} query={query} />
      </span>
    </li>
  );
}

/** What can be done to a row with the pointer. By keyboard, the same is done by keys. */
function RowActions({ conversation, query }: Pick<Props, "conversation" | "query">) {
  const isUnread = conversation.unread_count > 0;
  const archive = archiveOf(query);
  const act = (kind: Parameters<typeof change>[0]) => () => change(kind, [conversation]);
  return (
    <>
      <IconButton label={t(`action.${archive}`)} shortcut="e" tabIndex={-1} onClick={act(archive)}>
        {archive === "archive" ? <Archive size={16} /> : <ArchiveRestore size={16} />}
      </IconButton>
      <IconButton
        label={t(isUnread ? "action.read" : "action.unread")}
        shortcut="Shift+U"
        tabIndex={-1}
        onClick={act(isUnread ? "read" : "unread")}
      >
        {isUnread ? <MailOpen size={16} /> : <Mail size={16} />}
      </IconButton>
      <IconButton
        label={t(conversation.is_starred ? "action.unstar" : "action.star")}
        shortcut="s"
        tabIndex={-1}
        aria-pressed={conversation.is_starred}
        onClick={act(conversation.is_starred ? "unstar" : "star")}
      >
        <Star size={16} />
      </IconButton>
    </>
  );
}

/** What `e` does in a list. */
export const archiveOf = ({ view }: ListQuery) => (view === "archived" ? "unarchive" : "archive");

/** Who a row is about: the senders, or in the list of sent mail those it went to. */
export function namesOf({ participants, message }: Conversation, { view }: ListQuery): string[] {
  const people = view === "sent" ? message.to_addresses : participants;
  const names = people.map(({ name, email }) => name || email).filter(Boolean);
  return names.length ? names.slice(0, 3) : [t("list.noSender")];
}

/** A row whose conversation is not there yet. */
export const RowSkeleton = ({ style }: { style: CSSProperties }) => (
  <li className="row is-skeleton" style={style}>
    <span className="visually-hidden">{t("list.loading")}</span>
    <span className="skeleton" />
    <span className="skeleton" />
    <span className="skeleton" />
  </li>
);
