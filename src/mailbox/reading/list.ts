import { rowsOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { ListQuery, Message } from "../contract.ts";
import { MailError } from "../errors.ts";
import { type FolderRow, folderOf } from "./folders.ts";
import { MESSAGE_COLUMNS, type MessageRow, readerOf, toMessage } from "./message.ts";
import { type Position, positionsOf } from "./positions.ts";

/** Messages on a page, at most. */
const MAX_LIMIT = 500;

/**
 * A page of a folder's messages. Equal dates and equal senders are ordered by id.
 * @throws MailError INVALID for a limit that is not from 1 to 500, or an offset below 0; NOT_FOUND for the folder
 */
export function listMessages(ctx: MailboxContext, query: ListQuery): { messages: Message[]; total: number } {
  const { limit, offset } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new MailError("INVALID", `The limit must be a whole number from 1 to ${MAX_LIMIT}`);
  }
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new MailError("INVALID", "The offset must be a whole number, 0 or more");
  }
  const folder = folderOf(ctx, query.folderId);
  const total = totalOf(folder, query.filter);
  if (offset >= total) return { messages: [], total };
  const reader = readerOf(ctx);
  return { messages: pageOf(ctx, folder, query, total).map((row) => toMessage(row, reader)), total };
}

function totalOf({ total, unread }: FolderRow, filter: ListQuery["filter"]): number {
  return filter === "all" ? total : filter === "unread" ? unread : total - unread;
}

type PageRow = MessageRow & { sort_key: string | number; uid: number };

function pageOf(ctx: MailboxContext, folder: FolderRow, query: ListQuery, total: number): PageRow[] {
  const { limit, offset, sort, filter } = query;
  const positions = positionsOf(ctx, `${folder.id} ${folder.version} ${sort} ${filter}`);
  const after = positions.get(offset);
  const rows = after
    ? rowsAt(ctx, query, { from: after, skip: 0, take: limit, isBackward: false })
    : rowsNearer(ctx, query, total);
  const last = rows.at(-1);
  if (last) positions.set(offset + rows.length, [last.sort_key, last.id, last.uid]);
  return rows;
}

/** Counts from the end that is nearer: what is skipped is read, too. */
function rowsNearer(ctx: MailboxContext, query: ListQuery, total: number): PageRow[] {
  const take = Math.min(query.limit, total - query.offset);
  const behind = total - query.offset - take;
  return behind < query.offset
    ? rowsAt(ctx, query, { skip: behind, take, isBackward: true }).reverse()
    : rowsAt(ctx, query, { skip: query.offset, take, isBackward: false });
}

interface Range {
  /** The last row before the range. */
  from?: Position;
  skip: number;
  take: number;
  isBackward: boolean;
}

const COLUMN_OF = { receivedAt: "received_at", from: "sender" };

/** Reads rows in the order of an index, each of its two halves in its order: read and unread. */
function rowsAt(ctx: MailboxContext, query: ListQuery, { from, skip, take, isBackward }: Range): PageRow[] {
  const [field, direction] = query.sort.split(":") as ["receivedAt" | "from", "asc" | "desc"];
  const column = COLUMN_OF[field];
  const isAscending = (direction === "asc") !== isBackward;
  const halves = query.filter === "all" ? [0, 1] : [query.filter === "read" ? 1 : 0];
  const beyond = from ? `AND (${column}, message_id, uid) ${isAscending ? ">" : "<"} (?4, ?5, ?6)` : "";
  const ranges = halves.map(
    (isRead) =>
      `SELECT ${column} AS sort_key, message_id, uid FROM places WHERE folder_id = ?1 AND is_read = ${isRead} ${beyond}`,
  );
  const order = ["sort_key", "message_id", "uid"].map((name) => `${name} ${isAscending ? "ASC" : "DESC"}`);
  return rowsOf<PageRow>(
    ctx,
    `WITH page AS (${ranges.join(" UNION ALL ")} ORDER BY ${order} LIMIT ?2 OFFSET ?3)
     SELECT page.sort_key, page.uid, ${MESSAGE_COLUMNS} FROM page
     JOIN places p ON p.folder_id = ?1 AND p.uid = page.uid JOIN messages m ON m.id = page.message_id
     JOIN folders f ON f.id = ?1 ORDER BY ${order.map((term) => `page.${term}`)}`,
    ...[query.folderId, take, skip, ...(from ?? [])],
  );
}
