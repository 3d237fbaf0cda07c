import { useEffect, useSyncExternalStore } from "react";
import type { LoggedEvent, StreamEvent, StreamState } from "../../client/index.ts";
import { api, queries } from "./api.ts";
import { isPending, whenSettled } from "./conversations/changes.ts";
import { countsQuery, takeCounts } from "./conversations/counts.ts";
import { openLists } from "./conversations/pages.ts";
import { firstPosition } from "./conversations/read.ts";
import { onPresence } from "./presence.ts";

/** What the page knows of its connection. */
export interface Connection {
  state: StreamState;
  /** Since when, in milliseconds since 1970. */
  since: number;
  /** After a reconnect: how many new messages were missed; null when that is over. */
  caughtUp: number | null;
}

let connection: Connection = { state: "connecting", since: Date.now(), caughtUp: null };
const listeners = new Set<() => void>();

function setConnection(changes: Partial<Connection>): void {
  connection = { ...connection, ...changes };
  for (const listener of listeners) listener();
}

export const useConnection = (): Connection =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => connection,
  );

/** What was missed arrives within this time after a reconnect. */
const CATCH_UP_MS = 3000;

/** No list was read that knows a position, so what was read before the stream began may be old. */
let beginsNow = false;

function onState(state: StreamState): void {
  if (beginsNow && state === "live") {
    beginsNow = false;
    void queries.invalidateQueries();
  }
  const isBack = state === "live" && connection.state === "reconnecting";
  setConnection({ state, since: Date.now(), caughtUp: isBack ? 0 : null });
  if (isBack) setTimeout(() => setConnection({ caughtUp: null }), 2 * CATCH_UP_MS);
}

/** The threads that events named, until they are read again. */
const touched = new Set<string>();
const GATHER_MS = 30;
/** More threads at once, and the lists are read from their beginning instead. */
const MOST_THREADS = 12;
let isGathering = false;

function touch(threadId: string): void {
  touched.add(threadId);
  if (isGathering) return;
  isGathering = true;
  setTimeout(() => void flush(), GATHER_MS);
}

async function flush(): Promise<void> {
  isGathering = false;
  // What the server says of a thread while a change to it is on its way is old. It is read when the change has arrived.
  const ids = [...touched].filter((id) => !isPending(id));
  touched.clear();
  if (ids.length === 0) return;
  const read = [...openLists].map((list) =>
    ids.length > MOST_THREADS && list.isRead ? list.reset() : list.refresh(ids),
  );
  const threads = ids.map((id) => queries.invalidateQueries({ queryKey: ["thread", id] }));
  await Promise.allSettled([...read, ...threads]);
}

function refreshAll(): void {
  for (const list of openLists) void list.reset();
  void queries.invalidateQueries({ predicate: ({ queryKey: [name] }) => name !== "conversations" });
}

function onEvent(event: StreamEvent): void {
  if (event.type === "presence") onPresence(event);
  else if (event.type === "resync") refreshAll();
  else onLogged(event);
}

function onLogged(event: Exclude<LoggedEvent, { type: "resync" }>): void {
  if (event.type === "message.created" && connection.caughtUp !== null)
    setConnection({ caughtUp: connection.caughtUp + 1 });
  if ("counts" in event && event.counts) takeCounts(event.counts);
  else if (!/^(outbox|account|grant)/.test(event.type))
    void queries.invalidateQueries({ queryKey: countsQuery.queryKey });
  if (event.type === "outbox.updated") void queries.invalidateQueries({ queryKey: ["outbox"] });
  if (/^(account|grant)/.test(event.type)) {
    void queries.invalidateQueries({ queryKey: ["accounts"] });
    void queries.invalidateQueries({ queryKey: countsQuery.queryKey });
  }
  if (event.type === "account.synced") for (const list of openLists) void list.reset();
  if (event.thread_id !== null) touch(event.thread_id);
}

/** Follows the live feed, and keeps what the page shows up to date. */
export function useLiveFeed(): void {
  useEffect(() => {
    const leaving = new AbortController();
    whenSettled((threadIds) => threadIds.forEach(touch));
    void firstPosition.then((lastEventId) => {
      beginsNow = lastEventId === null;
      if (!leaving.signal.aborted) void api.events({ lastEventId, signal: leaving.signal, onEvent, onState });
    });
    return () => leaving.abort();
  }, []);
}
