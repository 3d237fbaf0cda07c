import { useQuery } from "@tanstack/react-query";
import { t } from "../i18n/index.ts";
import type { ListQuery } from "../paths.ts";
import { Failed } from "../ui/state.tsx";
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
  if (threadId === undefined) return <main className="thread-pane is-empty" aria-label={t("thread.none")} />;
  return <OpenThread query={query} threadId={threadId} onClose={onClose} />;
}

function OpenThread({ query, threadId }: Props & { threadId: string }) {
  const thread = useQuery(threadQuery(threadId, query.view));
  if (thread.isError) return <Failed error={thread.error} onRetry={() => void thread.refetch()} />;
  return <main className="thread-pane">{thread.data?.subject}</main>;
}
