import { type SQL, sql } from "drizzle-orm/sql";
import { notFound } from "../../lib/errors.ts";
import { selectAttachments } from "../attachments/service.ts";
import type { UserCtx } from "../context.ts";
import { isOneStatement, type Listing, listPage } from "../lists/page.ts";
import { type RowKey, sliceOf } from "../lists/pagination.ts";
import { type MessageRow, messageColumns, messagesByIds, messagesOf, PORTION } from "./query.ts";
import type { MessageResponse, MessagesQuery } from "./schemas.ts";

const COLUMNS = sql<RowKey>`id, sent_at AS at`;

const LIST = {
  table: "ems_messages",
  at: "sent_at",
  columns: COLUMNS,
  counter: "message_count",
  hidden: "hidden_message_count",
} as const;

/** Two statements skip the rows before a page twice: beyond so many that costs more than a round trip. */
const SHALLOW = 100;

/**
 * A page of the caller's messages, newest first, and the position that it was read at. The items come while they
 * are read.
 */
export async function listMessages(
  ctx: UserCtx,
  query: MessagesQuery,
): Promise<Omit<Listing<RowKey>, "rows"> & { items: AsyncIterable<MessageResponse> }> {
  const isShallow = sliceOf(query).first <= SHALLOW;
  if (isShallow && query.size <= PORTION && isOneStatement(ctx, query)) {
    const whole = {
      ...LIST,
      columns: sql<RowKey & MessageRow>`${COLUMNS}, ${messageColumns(ctx, LIST.table)}`,
    };
    const files = (ids: SQL) => selectAttachments(ctx, ids);
    const { rows, beside, ...listing } = await listPage(ctx, query, whole, files);
    return { ...listing, items: messagesOf(ctx, rows, beside) };
  }
  const { rows, ...listing } = await listPage(ctx, query, LIST);
  const ids = rows.map(({ id }) => id);
  return { ...listing, items: messagesByIds(ctx, ids) };
}

/** @throws ServiceError `not_found` */
export async function getMessage(ctx: UserCtx, id: string): Promise<MessageResponse> {
  for await (const message of messagesByIds(ctx, [id])) return message;
  throw notFound("Message");
}
