import { toast } from "sonner";
import { api, queries, type Schemas, sentenceOf, take } from "../api.ts";
import { t } from "../i18n/index.ts";
import { changeCounts } from "./counts.ts";
import { type Conversation, openLists, type Pages, type Removed } from "./pages.ts";
import { offerUndo, withdraw } from "./undo.ts";

/** What a user does to whole conversations. The state is theirs alone. */
export type Change = "archive" | "unarchive" | "star" | "unstar" | "read" | "unread";

type Flags = { is_read?: boolean; is_starred?: boolean; is_archived?: boolean };
type Changed = Schemas["ConversationsChangeResponse"]["changed"];
type Thread = Schemas["ThreadDetailResponse"];

const FLAGS: Record<Change, Flags> = {
  archive: { is_archived: true },
  unarchive: { is_archived: false },
  star: { is_starred: true },
  unstar: { is_starred: false },
  read: { is_read: true },
  unread: { is_read: false },
};

/** How many entries or conversations one request changes. */
const MOST = 100;

/** The threads with a change on its way, and how many: what the server says of them meanwhile is old. */
const pending = new Map<string, number>();

export const isPending = (threadId: string): boolean => pending.has(threadId);

/** Called with threads whose changes have arrived. */
let onSettled: (threadIds: string[]) => void = () => {};
export const whenSettled = (listener: typeof onSettled): void => {
  onSettled = listener;
};

/**
 * Changes conversations: in the same frame on the page, then at the API. If it refuses, the page goes back and says why.
 * @param isQuiet for what a user does not ask for, such as reading by opening: no toast, and nothing to undo
 */
export function change(kind: Change, conversations: { thread_id: string }[], isQuiet = false): void {
  const ids = conversations.map(({ thread_id }) => thread_id);
  if (ids.length === 0) return;
  const takeBack = show(kind, ids);
  const sent = send(ids, FLAGS[kind]);
  const undo = async () => {
    takeBack();
    const changed = await sent;
    await settle(ids, () => revert(changed, FLAGS[kind]));
  };
  if (!isQuiet) offerUndo(t(`done.${kind}`, { n: ids.length }), undo);
  sent.catch((error) => {
    withdraw(undo);
    takeBack();
    if (!isQuiet) toast.error(t("failed.change", { reason: sentenceOf(error) }));
  });
}

async function settle<Result>(ids: string[], call: () => Promise<Result>): Promise<Result> {
  for (const id of ids) pending.set(id, (pending.get(id) ?? 0) + 1);
  try {
    return await call();
  } finally {
    for (const id of ids) {
      const left = (pending.get(id) ?? 1) - 1;
      if (left > 0) pending.set(id, left);
      else pending.delete(id);
    }
    onSettled(ids.filter((id) => !pending.has(id)));
  }
}

const send = (ids: string[], changes: Flags): Promise<Changed[]> =>
  settle(ids, () =>
    Promise.all(
      chunks(ids).map(async (thread_ids) => {
        const { changed } = await take(api.PATCH("/conversations", { body: { thread_ids, changes } }));
        return changed;
      }),
    ),
  );

/** Gives exactly the entries that a change has changed their old state. */
async function revert(changed: Changed[], flags: Flags): Promise<void> {
  for (const [flag, value] of Object.entries(flags) as [keyof Flags, boolean][]) {
    const ids = changed.flatMap((each) => each[flag] ?? []);
    for (const some of chunks(ids))
      await take(api.PATCH("/inbox", { body: { ids: some, changes: { [flag]: !value } } }));
  }
}

const chunks = (ids: string[]): string[][] =>
  Array.from({ length: Math.ceil(ids.length / MOST) }, (_, index) =>
    ids.slice(index * MOST, (index + 1) * MOST),
  );

/** Shows a change before the API has it. @returns what takes it back */
function show(kind: Change, ids: string[]): () => void {
  const before = new Map<Conversation["thread_id"], Conversation>();
  const removed = new Map<Pages, Removed[]>();
  for (const list of openLists) {
    const update = (conversation: Conversation) => {
      before.set(conversation.thread_id, conversation);
      return leaves(list, kind) ? null : withFlags(conversation, kind);
    };
    removed.set(list, list.change(ids, update));
  }
  // The lists that are not on the screen are read again when they are.
  const shown = new Set([...openLists].map(({ key }) => key));
  queries.removeQueries({
    predicate: ({ queryKey: [name, key] }) => name === "conversations" && !shown.has(key as string),
  });
  const threads = ids.flatMap((id) => queries.getQueriesData<Thread>({ queryKey: ["thread", id] }));
  for (const [key, thread] of threads) if (thread) queries.setQueryData(key, threadWith(thread, kind));
  const gone = kind === "read" || kind === "archive" ? [...before.values()] : [];
  changeCounts(gone.map((each) => ({ ...each, unread: -each.unread_count })));
  let isBack = false;
  return () => {
    // It is asked for twice when a change is undone and then refused.
    if (isBack) return;
    isBack = true;
    for (const [list, rows] of removed) {
      list.change(ids, (conversation) => before.get(conversation.thread_id) ?? conversation);
      list.restore(rows);
    }
    for (const [key, thread] of threads) queries.setQueryData(key, thread);
    // Not the counts of before: events may have changed them meanwhile.
    changeCounts(gone.map((each) => ({ ...each, unread: each.unread_count })));
  };
}

/** True if a changed conversation is no longer in the list. */
const leaves = ({ query: { view } }: Pages, kind: Change): boolean =>
  (view === "inbox" && kind === "archive") ||
  (view === "archived" && kind === "unarchive") ||
  (view === "starred" && kind === "unstar");

const withFlags = (conversation: Conversation, kind: Change): Conversation => ({
  ...conversation,
  ...(kind === "read" ? { unread_count: 0 } : {}),
  ...(kind === "unread" ? { unread_count: Math.max(1, conversation.unread_count) } : {}),
  ...(kind === "star" || kind === "unstar" ? { is_starred: kind === "star" } : {}),
  ...(kind === "archive" || kind === "unarchive" ? { is_archived: kind === "archive" } : {}),
});

/** As the API changes a conversation: unread and star its newest message only. */
function threadWith(thread: Thread, kind: Change): Thread {
  const newest = thread.messages.at(-1);
  const messages = thread.messages.map((message) =>
    (kind === "unread" || kind === "star") && message !== newest
      ? message
      : { ...message, inbox: { ...message.inbox, ...FLAGS[kind] } },
  );
  return { ...thread, messages };
}
