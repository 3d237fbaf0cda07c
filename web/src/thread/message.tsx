import { EllipsisVertical, Forward, Mail, Paperclip, Reply, ReplyAll, Star, StarOff } from "lucide-react";
import { useId, useRef, useState } from "react";
import { openComposer } from "../compose/open.ts";
import { longDate, shortDate } from "../i18n/dates.ts";
import { t } from "../i18n/index.ts";
import { claimsOf, currentToken } from "../session.ts";
import { Avatar } from "../ui/avatar.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { Menu } from "../ui/menu.tsx";
import { useNameOf } from "../users.ts";
import { Attachments } from "./attachments.tsx";
import { MessageBody } from "./body.tsx";
import { changeEntries } from "./entries.ts";
import type { Message } from "./fold.ts";
import { useIsNear } from "./near.ts";
import { Addresses, recipientsOf } from "./people.tsx";
import "./message.css";

interface Props {
  message: Message;
  isOpen: boolean;
  /** The newest one, whose body is there at once. */
  isLast: boolean;
  /** The address of the mailbox. */
  own: string | undefined;
  onToggle: () => void;
  onUnreadFromHere: () => void;
}

/** A message of a conversation: one line, or whole. */
export function MessageItem(props: Props) {
  const { message, isOpen } = props;
  const classes = ["message", isOpen && "is-open", !message.inbox.is_read && "is-new"];
  return (
    <li className={classes.filter(Boolean).join(" ")} data-message={message.id}>
      {isOpen ? <OpenMessage {...props} /> : <MessageLine {...props} />}
    </li>
  );
}

const senderOf = ({ from_name, from_address }: Message): string =>
  from_name?.trim() || from_address || t("list.noSender");

function MessageLine({ message, onToggle }: Props) {
  const { sent_at, snippet, has_attachments, inbox } = message;
  return (
    <button type="button" className="message-line" aria-expanded="false" onClick={onToggle}>
      <Avatar of={senderOf(message)} size={28} />
      <span className="message-sender" dir="auto">
        {senderOf(message)}
      </span>
      <span className="message-snippet" dir="auto">
        {snippet}
      </span>
      {has_attachments ? <Paperclip size={14} role="img" aria-label={t("list.attachment")} /> : null}
      {inbox.is_starred ? (
        <Star size={14} className="is-starred" role="img" aria-label={t("view.starred")} />
      ) : null}
      <time dateTime={sent_at} title={longDate(sent_at)}>
        {shortDate(sent_at)}
      </time>
    </button>
  );
}

function OpenMessage(props: Props) {
  const { message, isLast, own, onToggle } = props;
  const { from_address, sent_at, sent_by, inbox } = message;
  const [areAddressesShown, showAddresses] = useState(false);
  const addresses = useId();
  const root = useRef<HTMLElement>(null);
  const isNear = useIsNear(root, isLast);
  return (
    <article
      ref={root}
      aria-label={t("thread.messageOf", { name: senderOf(message), time: longDate(sent_at) })}
    >
      <header className="message-header">
        <Avatar of={senderOf(message)} size={40} />
        <div className="message-people">
          <button type="button" className="message-from" aria-expanded="true" onClick={onToggle}>
            <bdi className="message-sender">{senderOf(message)}</bdi>{" "}
            {message.from_name?.trim() ? <bdi className="message-address">{from_address}</bdi> : null}
          </button>
          <button
            type="button"
            className="message-to"
            aria-expanded={areAddressesShown}
            aria-controls={addresses}
            title={t("thread.showAddresses")}
            onClick={() => showAddresses(!areAddressesShown)}
          >
            {recipientsOf(message, own)}
          </button>
          {sent_by === null ? null : <SentBy userId={sent_by} />}
        </div>
        <time dateTime={sent_at} title={longDate(sent_at)}>
          {shortDate(sent_at)}
        </time>
        <IconButton
          label={t(inbox.is_starred ? "thread.unstarMessage" : "thread.starMessage")}
          aria-pressed={inbox.is_starred}
          className={inbox.is_starred ? "is-starred" : ""}
          onClick={() => void changeEntries([message], { is_starred: !inbox.is_starred })}
        >
          <Star size={18} />
        </IconButton>
        <MessageMenu {...props} onAddresses={() => showAddresses(true)} />
      </header>
      {areAddressesShown ? <Addresses message={message} id={addresses} /> : null}
      <Delivery message={message} />
      {isNear ? <MessageBody message={message} /> : <div className="message-later" />}
      <Attachments files={message.attachments} />
    </article>
  );
}

function MessageMenu({ message, onUnreadFromHere, onAddresses }: Props & { onAddresses: () => void }) {
  const { id: message_id, thread_id, inbox } = message;
  const compose = (kind: "reply" | "reply-all" | "forward") => () =>
    openComposer({ kind, message_id, thread_id });
  const items = [
    { label: t("action.reply"), icon: <Reply size={16} />, run: compose("reply") },
    { label: t("action.replyAll"), icon: <ReplyAll size={16} />, run: compose("reply-all") },
    { label: t("action.forward"), icon: <Forward size={16} />, run: compose("forward") },
    {
      label: t(inbox.is_starred ? "thread.unstarMessage" : "thread.starMessage"),
      icon: inbox.is_starred ? <StarOff size={16} /> : <Star size={16} />,
      run: () => void changeEntries([message], { is_starred: !inbox.is_starred }),
    },
    { label: t("thread.unreadFromHere"), icon: <Mail size={16} />, run: onUnreadFromHere },
    { label: t("thread.showAddresses"), icon: <span className="menu-gap" />, run: onAddresses },
  ];
  return <Menu label={t("thread.more")} icon={<EllipsisVertical size={18} />} items={items} />;
}

/** Which colleague sent a message of a shared mailbox. */
function SentBy({ userId }: { userId: number }) {
  const nameOf = useNameOf();
  const isMe = claimsOf(currentToken() ?? "")?.user_id === userId;
  return (
    <span className="message-sent-by">
      {isMe ? t("thread.sentByYou") : t("thread.sentBy", { name: nameOf(userId) })}
    </span>
  );
}

/** What became of a message that was sent. */
function Delivery({ message: { delivery } }: { message: Message }) {
  if (!delivery) return null;
  const { state, detail, opened_count, clicked_count } = delivery;
  if (state === "bounced" || state === "failed")
    return (
      <p className="delivery is-bad" role="status">
        <strong>{t(state === "bounced" ? "thread.bounced" : "thread.failed")}</strong> {detail}
      </p>
    );
  if (opened_count === 0 && clicked_count === 0) return null;
  const counts = [
    opened_count > 0 ? t("thread.opened", { n: opened_count }) : "",
    clicked_count > 0 ? t("thread.clicked", { n: clicked_count }) : "",
  ];
  return <p className="delivery">{counts.filter(Boolean).join(" · ")}</p>;
}
