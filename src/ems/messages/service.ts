import { notFound } from "../../lib/errors.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { selectAttachments } from "../attachments/service.ts";
import type { UserCtx } from "../context.ts";
import type { ListedPage } from "../lists/merge.ts";
import { isOneStatement, listPage, listPageBeside } from "../lists/page.ts";
import { type RowKey, sliceOf } from "../lists/pagination.ts";
import { type MessageRow, messageColumns, messagesByIds, messagesOf, PORTION } from "./query.ts";
import type { MessageResponse } from "./responses.ts";
import type { MessagesQuery } from "./schemas.ts";

const COLUMNS = sql<RowKey>`id, sent_at AS at`;

const LIST = {
  table: "ems_messages",
  at: "sent_at",
  columns: COLUMNS,
  counter: "message_count",
  hidden: "hidden_message_count",
} as const;

/** A batch of messages and attachments skips earlier rows twice. Above this many, two batches cost less. */
const SHALLOW = 100;

/**
 * Reads a page of the caller's messages, newest first.
 * @returns the page, with items read on demand, and the position of the event log at the time of the read
 */
export async function listMessages(
  ctx: UserCtx,
  query: MessagesQuery,
): Promise<Omit<ListedPage<RowKey>, "rows"> & { items: AsyncIterable<MessageResponse> }> {
  const isShallow = sliceOf(query).first <= SHALLOW;
  if (isShallow && query.size <= PORTION && isOneStatement(ctx, query)) {
    const whole = {
      ...LIST,
      columns: sql<RowKey & MessageRow>`${COLUMNS}, ${messageColumns(ctx, LIST.table)}`,
    };
    const files = (ids: SQL) => selectAttachments(ctx, ids);
    const { rows, beside, ...listing } = await listPageBeside(ctx, query, whole, files);
    return { ...listing, items: messagesOf(ctx, rows, beside) };
  }
  const { rows, ...listing } = await listPage(ctx, query, LIST);
  const ids = rows.map(({ id }) => id);
  return { ...listing, items: messagesByIds(ctx, ids) };
}

/** Reads a message with its body and attachments. @throws ServiceError not_found */
export async function getMessage(ctx: UserCtx, id: string): Promise<MessageResponse> {
  for await (const message of messagesByIds(ctx, [id])) return message;
  throw notFound("Message");
}
