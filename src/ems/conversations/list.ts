import { invalid } from "../../lib/errors.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { newestEvent } from "../events/log.ts";
import { HIDDEN_FOLDERS } from "../folders.ts";
import { isNewer } from "../inbox/dense-ranges.ts";
import type { EntryState } from "../inbox/entries.ts";
import { readEntries } from "../inbox/read.ts";
import { mergePositions, ofEachPart } from "../lists/merge.ts";
import { listPage, readAtOf } from "../lists/page.ts";
import { byNewest, formatCursor, type RowKey } from "../lists/pagination.ts";
import { type Head, readDetails, selectDetails, toConversation } from "./details.ts";
import type { ConversationListResponse } from "./responses.ts";
import type { ConversationsQuery } from "./schemas.ts";
import { isPersonal, type View, viewOf } from "./views.ts";

// A view that is the same for all users has its conversations in an index: of ems_threads, or of ems_thread_folders.
//
// A personal view has only its messages in indexes. So its messages are read, newest first, in windows of bounded size,
// and each conversation is listed at its newest one. A message is dropped if its conversation has a newer one in the
// view. Those of one window see each other. After a cursor, the conversation itself is looked at: see details.ts.

/** A conversation in the order of its list. */
type ListedHead = Head & RowKey;

/** The next conversations of a list. */
interface Heads {
  heads: ListedHead[];
  /** Where to read on; null at the end of the list. */
  next: RowKey | null;
  readAt: string;
}

type Listed = Promise<{ list: ConversationListResponse; readAt: string }>;

/** How many messages to read for a page. Only if they give no conversation, the second window is read. */
const windowsOf = (size: number): number[] => [3 * size, 500];

/**
 * Reads a page of conversations, newest first. It may be short, or even empty, although more follow: only the last
 * page has no cursor.
 * @returns the page, and the position of the event log at the time of the read
 * @throws ServiceError invalid for a cursor with `thread_id`
 */
export async function listConversations(ctx: UserCtx, query: ConversationsQuery): Listed {
  const view = viewOf(query.view, query.is_read !== undefined);
  if (query.thread_id !== undefined)
    return findConversation(ctx, view, { ...query, thread_id: query.thread_id });
  const seen = new Set<string>();
  let [cursor, readAt] = [query.cursor, ""];
  for (const window of windowsOf(query.size)) {
    const pages = { ...query, page: 1, cursor, folder: view.folder };
    const found = isPersonal(view)
      ? await readWindows(ctx, view, pages, window, seen)
      : await readThreads(ctx, pages);
    readAt ||= found.readAt;
    const isChecked = isPersonal(view) && query.cursor !== undefined;
    const items = await readDetails(ctx, view, found.heads, isChecked);
    if (items.length > 0 || !found.next) {
      return { list: { items, next_cursor: found.next && formatCursor(found.next) }, readAt };
    }
    for (const { thread_id } of found.heads) seen.add(thread_id);
    cursor = found.next;
  }
  return { list: { items: [], next_cursor: cursor ? formatCursor(cursor) : null }, readAt };
}

/** Finds one conversation, if it is in the view. */
async function findConversation(
  ctx: UserCtx,
  view: View,
  { thread_id, account_id, cursor }: ConversationsQuery & { thread_id: string },
): Listed {
  if (cursor) throw invalid("cursor: one conversation has no further page");
  const [newest, rows] = await batch(ctx, [
    newestEvent,
    selectDetails(ctx, view, [{ thread_id, message_id: null }], true),
  ]);
  const own = rows.filter((row) => account_id === undefined || row.account_id === account_id);
  return { list: { items: own.map(toConversation), next_cursor: null }, readAt: readAtOf(ctx, newest) };
}

/** The query of a window or a page. */
type Pages = Omit<ConversationsQuery, "view" | "is_read"> & { page: number; folder: View["folder"] };

/** Reads the next messages of a personal view in each part of the database. */
async function readWindows(
  ctx: UserCtx,
  view: View,
  query: Pages,
  window: number,
  seen: Set<string>,
): Promise<Heads> {
  const read = async (part: UserCtx): Promise<Heads> => {
    const { rows, next_cursor, readAt } = await readEntries(
      part,
      { ...query, size: window },
      view.filter,
      withThreads,
    );
    const wanted = rows.filter(({ is_read }) => !view.isUnreadOnly || is_read === 0);
    const newest = new Map(wanted.toReversed().map((row) => [row.thread_id, row]));
    const heads = [...newest.values()].filter(({ thread_id }) => !seen.has(thread_id));
    return { heads, next: (next_cursor !== null && rows.at(-1)) || null, readAt };
  };
  return mergeHeads(await Promise.all(ofEachPart(ctx).map(read)), query.size);
}

/**
 * Merges what follows in each part of the database, and cuts a page. Where a part was read only to some message, what is
 * older than that message in others is left for the next page.
 */
function mergeHeads(found: Heads[], size: number): Heads {
  const [horizon = null] = found.flatMap(({ next }) => next ?? []).sort(byNewest);
  const heads = found
    .flatMap((each) => each.heads)
    .filter((head) => !horizon || !isNewer(horizon, head))
    .sort(byNewest);
  const page = heads.slice(0, size);
  const next = heads.length > size ? (page.at(-1) ?? null) : horizon;
  return { heads: page, next, readAt: mergePositions(found) };
}

const withThreads = (ctx: UserCtx, entries: SQL<EntryState>): SQL<EntryState & ListedHead> => sql`
  SELECT page.*, m.thread_id, m.company_id, m.id AS message_id
  FROM (${entries}) page CROSS JOIN ems_messages m ON m.id = page.id WHERE +m.company_id ${inCompanies(ctx)}`;

const HIDDEN = sql.raw(HIDDEN_FOLDERS.map((folder) => `'${folder}'`).join());

const THREADS = {
  table: "ems_threads",
  at: "last_message_at",
  columns: sql<ListedHead>`id, last_message_at AS at, id AS thread_id, company_id, (
    SELECT m.id FROM ems_messages m
    WHERE m.thread_id = ems_threads.id AND m.hidden = 0 AND m.sent_at = last_message_at
    ORDER BY m.id DESC LIMIT 1) AS message_id`,
  counter: "thread_count",
  hidden: "hidden_thread_count",
  ofFolder: {
    table: "ems_thread_folders f CROSS JOIN ems_threads t ON t.id = f.thread_id",
    at: "f.last_message_at",
    id: "f.thread_id",
    columns: sql<ListedHead>`f.thread_id AS id, f.last_message_at AS at, f.thread_id, t.company_id, (
      SELECT m.id FROM ems_messages m
      WHERE m.thread_id = f.thread_id AND m.hidden = (f.folder IN (${HIDDEN})) AND m.sent_at = f.last_message_at
        AND m.folder = f.folder
      ORDER BY m.id DESC LIMIT 1) AS message_id`,
    account: "f.account_id",
    company: "t.company_id",
    folder: "f.folder",
  },
} as const;

/** Reads the next conversations of a view that is the same for all users. */
async function readThreads(ctx: UserCtx, query: Pages): Promise<Heads> {
  const { rows, next_cursor, readAt } = await listPage(ctx, query, THREADS);
  return { heads: rows, next: (next_cursor !== null && rows.at(-1)) || null, readAt };
}
