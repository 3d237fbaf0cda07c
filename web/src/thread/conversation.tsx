import { useQuery } from "@tanstack/react-query";
import { ChevronsUpDown } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Schemas } from "../api.ts";
import { change } from "../conversations/changes.ts";
import { t } from "../i18n/index.ts";
import { mailboxesQuery } from "../mailboxes.ts";
import { usePresence } from "../presence.ts";
import { useArrivals } from "./arrivals.ts";
import { changeEntries } from "./entries.ts";
import { foldOf, type Message, runsOf } from "./fold.ts";
import { MessageItem } from "./message.tsx";
import { PresenceLine } from "./presence-line.tsx";
import { SWIPE_BACK, watchSwipe } from "./swipe.ts";
import { ReplyBar, Toolbar } from "./toolbar.tsx";

interface Props {
  thread: Schemas["ThreadDetailResponse"];
  /** Whether it shows the messages of a folder that is not part of the conversation: junk or trash. */
  isHidden: boolean;
  onClose: () => void;
}

/** A conversation that has been read from the API. */
export function Conversation({ thread, isHidden, onClose }: Props) {
  const { id, subject, messages, email_account_id } = thread;
  const pane = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const mailboxes = useQuery(mailboxesQuery);
  const own = mailboxes.data?.find((mailbox) => mailbox.id === email_account_id)?.email_address;
  const others = usePresence(id, "viewing");
  const arrivals = useArrivals(messages, pane);

  useEffect(() => takeFocus(heading.current), []);

  // Opening it is reading it.
  const unread = useRef(messages.filter(({ inbox }) => !inbox.is_read));
  useEffect(() => {
    if (unread.current.length === 0) return;
    if (isHidden) void changeEntries(unread.current, { is_read: true });
    else change("read", [{ thread_id: id }], true);
  }, [id, isHidden]);

  useEffect(() => {
    const { current } = pane;
    if (!current) return;
    const stop = watchSwipe(current, current);
    current.addEventListener(SWIPE_BACK, onClose);
    return () => {
      stop();
      current.removeEventListener(SWIPE_BACK, onClose);
    };
  }, [onClose]);

  return (
    <main className="thread-pane" ref={pane}>
      <Toolbar threadId={id} messages={messages} isProtected={thread.do_not_delete} onClose={onClose}>
        <PresenceLine others={others} />
      </Toolbar>
      <header className="thread-header">
        <h1 ref={heading} tabIndex={-1} dir="auto">
          {subject || t("list.noSubject")}
        </h1>
        <p className="thread-facts quiet">
          {t("thread.count", { n: messages.length })}
          {own ? <bdi className="thread-mailbox">{own}</bdi> : null}
        </p>
      </header>
      <MessageList messages={messages} own={own} />
      <ReplyBar />
      {arrivals.length ? (
        <button type="button" className="arrivals" onClick={() => showMessage(pane.current, arrivals[0])}>
          {t("thread.arrived", { n: arrivals.length })}
        </button>
      ) : null}
    </main>
  );
}

const showMessage = (pane: HTMLElement | null, message: Message | undefined): void =>
  pane
    ?.querySelector(`[data-message="${message?.id}"]`)
    ?.scrollIntoView({ block: "start", behavior: "smooth" });

/** Gives a screen reader the subject, unless somebody writes. The list takes the focus back. */
function takeFocus(heading: HTMLElement | null): void {
  const isWriting = document.activeElement?.matches("input, textarea, [contenteditable]");
  if (!isWriting) heading?.focus({ preventScroll: true });
}

function MessageList({ messages, own }: { messages: Message[]; own: string | undefined }) {
  const [fold] = useState(() => foldOf(messages));
  const [known] = useState(() => new Set(messages.map(({ id }) => id)));
  const [toggled, setToggled] = useState(new Set<string>());
  const [unfolded, setUnfolded] = useState(new Set<string>());
  const last = messages.at(-1);

  // What has arrived since is open.
  const isOpen = ({ id }: Message) => (fold.open.has(id) || !known.has(id)) !== toggled.has(id);
  const toggle = (id: string) => setToggled((before) => toggledIn(before, id));
  const runs = runsOf(messages, ({ id }) => fold.away.has(id) && !unfolded.has(id));
  const runOf = new Map(runs.map((run) => [run[0], run]));
  const isAway = new Set(runs.flat());

  return (
    <ol className="messages">
      {messages.map((message, at) => {
        const run = runOf.get(message);
        if (run)
          return (
            <li key={message.id} className="messages-away">
              <button
                type="button"
                onClick={() => setUnfolded((before) => new Set([...before, ...run.map(({ id }) => id)]))}
              >
                <ChevronsUpDown size={16} aria-hidden="true" />
                {t("thread.earlier", { n: run.length })}
              </button>
            </li>
          );
        if (isAway.has(message)) return null;
        return (
          <MessageItem
            key={message.id}
            message={message}
            isOpen={isOpen(message)}
            isLast={message === last}
            own={own}
            onToggle={() => toggle(message.id)}
            onUnreadFromHere={() => void changeEntries(messages.slice(at), { is_read: false })}
          />
        );
      })}
    </ol>
  );
}

function toggledIn(set: Set<string>, id: string): Set<string> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}
