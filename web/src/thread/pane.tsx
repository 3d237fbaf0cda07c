import { useQuery } from "@tanstack/react-query";
import { ArrowLeft, MailOpen, SearchX } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "../api.ts";
import { t } from "../i18n/index.ts";
import type { ListQuery } from "../paths.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { Empty, Failed } from "../ui/state.tsx";
import { Conversation } from "./conversation.tsx";
import { threadQuery } from "./query.ts";
import "./pane.css";

interface Props {
  /** The list that it was opened from. */
  query: ListQuery;
  /** Undefined while no conversation is open. */
  threadId: string | undefined;
  onClose: () => void;
}

/** The open conversation. */
export function ThreadPane({ query, threadId, onClose }: Props) {
  if (threadId === undefined) return <NoThread />;
  return <OpenThread query={query} threadId={threadId} onClose={onClose} />;
}

const isGone = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 404 || error.status === 400);

function OpenThread({ query, threadId, onClose }: Props & { threadId: string }) {
  const thread = useQuery(threadQuery(threadId, query.view));
  const isHidden = query.view === "junk" || query.view === "trash";
  if (isGone(thread.error))
    return (
      <State onClose={onClose}>
        <Empty
          icon={<SearchX size={40} />}
          title={t(thread.data ? "thread.deleted" : "notFound.title")}
          hint={t(thread.data ? "thread.deletedHint" : "notFound.hint")}
        />
      </State>
    );
  // What was read is shown even if it cannot be read again.
  if (thread.data?.messages.length)
    return <Conversation thread={thread.data} isHidden={isHidden} onClose={onClose} />;
  if (thread.data)
    return (
      <State onClose={onClose}>
        <Empty icon={<SearchX size={40} />} title={t("thread.moved")} hint={t("thread.movedHint")} />
      </State>
    );
  if (thread.isError)
    return (
      <State onClose={onClose}>
        <Failed error={thread.error} onRetry={() => void thread.refetch()} />
      </State>
    );
  return <Skeleton onClose={onClose} />;
}

/** A pane without a conversation, which one can leave all the same. */
const State = ({ onClose, children }: { onClose: () => void; children: ReactNode }) => (
  <main className="thread-pane is-state">
    <div className="thread-toolbar">
      <IconButton label={t("nav.back")} shortcut="u" className="thread-back" onClick={onClose}>
        <ArrowLeft size={20} />
      </IconButton>
    </div>
    {children}
  </main>
);

const Skeleton = ({ onClose }: { onClose: () => void }) => (
  <State onClose={onClose}>
    <div className="thread-skeleton" role="status" aria-label={t("thread.loading")}>
      <span className="skeleton is-title" />
      <span className="skeleton is-person" />
      <span className="skeleton" />
      <span className="skeleton" />
      <span className="skeleton is-short" />
    </div>
  </State>
);

const KEYS = [
  ["j", "key.next"],
  ["k", "key.previous"],
  ["c", "nav.compose"],
  ["?", "thread.allKeys"],
] as const;

const NoThread = () => (
  <main className="thread-pane is-empty" aria-label={t("thread.none")}>
    <MailOpen size={48} strokeWidth={1.25} aria-hidden="true" />
    <p className="state-title">{t("thread.none")}</p>
    <dl className="thread-keys">
      {KEYS.map(([keys, label]) => (
        <div key={keys}>
          <dt>
            <kbd>{keys}</kbd>
          </dt>
          <dd>{t(label)}</dd>
        </div>
      ))}
    </dl>
  </main>
);
