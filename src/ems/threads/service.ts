import { notFound } from "../../lib/errors.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { type AttachmentRow, selectAttachments } from "../attachments/service.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { notifyHub } from "../events/hub-client.ts";
import { appendEvents } from "../events/log.ts";
import type { FolderFilter } from "../folders.ts";
import type { ThreadSummary } from "../items/responses.ts";
import { type ThreadRow, toSummary } from "../items/rows.ts";
import { folderConditions, listPage } from "../lists/page.ts";
import { type MessageRow, messageColumns, messagesByIds, messagesOf, PORTION } from "../messages/query.ts";
import type { MessageResponse } from "../messages/responses.ts";
import type { ThreadListResponse } from "./responses.ts";
import type { ThreadsQuery, ThreadUpdate } from "./schemas.ts";

const COLUMNS = sql<ThreadRow>`
  id, last_message_at AS at, account_id AS email_account_id, subject, message_count, do_not_delete, created_at, version`;

const LIST = {
  table: "ems_threads",
  at: "last_message_at",
  columns: COLUMNS,
  counter: "thread_count",
  hidden: "hidden_thread_count",
  ofFolder: {
    table: "ems_thread_folders f CROSS JOIN ems_threads t ON t.id = f.thread_id",
    at: "f.last_message_at",
    id: "f.thread_id",
    columns: sql<ThreadRow>`
      f.thread_id AS id, f.last_message_at AS at, t.account_id AS email_account_id, t.subject, f.message_count,
      t.do_not_delete, t.created_at, t.version`,
    account: "f.account_id",
    company: "t.company_id",
    folder: "f.folder",
  },
} as const;

/**
 * Reads a page of the caller's threads, most recently active first.
 * @returns the page, and the position of the event log at the time of the read
 */
export async function listThreads(
  ctx: UserCtx,
  query: ThreadsQuery,
): Promise<{ list: ThreadListResponse; readAt: string }> {
  const { rows, total, next_cursor, readAt } = await listPage(ctx, query, LIST);
  const { page, size } = query;
  return { list: { items: rows.map(toSummary), total, page, size, next_cursor }, readAt };
}

/**
 * Reads a thread and its messages, oldest first. All but the first messages are read on demand.
 * @param folder limits the messages; undefined leaves out junk, trash and drafts
 * @throws ServiceError not_found
 */
export async function getThread(
  ctx: UserCtx,
  id: string,
  folder?: FolderFilter,
): Promise<{ thread: ThreadSummary; messages: AsyncIterable<MessageResponse> }> {
  const parts = folderConditions(folder);
  const messages = <Row>(columns: SQL<Row>, limit: SQL) => {
    const terms = parts.map(
      (part) => sql`
        SELECT ${columns}, sent_at AS at FROM ems_messages
        WHERE thread_id = ${id} AND ${part} AND +company_id ${inCompanies(ctx)}`,
    );
    return sql<Row>`${sql.join(terms, sql` UNION ALL `)} ORDER BY at, id LIMIT ${limit}`;
  };
  const [[thread], first, files, more] = await batch(ctx, [
    sql<ThreadRow>`SELECT ${COLUMNS} FROM ems_threads WHERE id = ${id} AND company_id ${inCompanies(ctx)}`,
    messages(messageColumns(ctx, "ems_messages"), sql.raw(`${PORTION}`)),
    selectAttachments(ctx, messages(sql`id`, sql.raw(`${PORTION}`))),
    messages(sql<{ id: string }>`id`, sql.raw(`-1 OFFSET ${PORTION}`)),
  ]);
  if (!thread) throw notFound("Thread");
  const rest = more.map((message) => message.id);
  return { thread: toSummary(thread), messages: allMessages(ctx, first, files, rest) };
}

async function* allMessages(ctx: UserCtx, first: MessageRow[], files: AttachmentRow[], rest: string[]) {
  yield* messagesOf(ctx, first, files);
  yield* messagesByIds(ctx, rest);
}

/**
 * Sets or clears the `do_not_delete` mark of a thread.
 * @throws ServiceError not_found
 */
export async function updateThread(ctx: UserCtx, { id, do_not_delete }: ThreadUpdate & { id: string }) {
  const before = await getThread(ctx, id);
  if (do_not_delete === undefined || do_not_delete === before.thread.do_not_delete) return before;
  const cause = `thread.updated/${id}/${crypto.randomUUID()}`;
  const [changed] = await batch(ctx, [
    sql<{ company_id: number }>`
      UPDATE ems_threads SET do_not_delete = ${do_not_delete}
      WHERE id = ${id} AND company_id ${inCompanies(ctx)} RETURNING company_id`,
    appendEvents(sql`
      SELECT company_id, NULL, 'thread.updated', id, NULL, NULL, ${cause}
      FROM ems_threads WHERE id = ${id} AND company_id ${inCompanies(ctx)}`),
  ]);
  for (const { company_id } of changed) notifyHub(ctx, company_id);
  return getThread(ctx, id);
}
