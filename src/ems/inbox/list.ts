import { notFound } from "../../lib/errors.ts";
import { entryIdOf, messageIdOf } from "../../lib/ids.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { type Counters, countOf, SHOWN, selectCounters, UNREAD } from "../items/counts.ts";
import type { InboxItemResponse } from "../items/responses.ts";
import { type ItemMessageRow, MESSAGE_COLUMNS, toItem } from "../items/rows.ts";
import { mergeParts, ofEachPart } from "../lists/merge.ts";
import { byAddress } from "../lists/page.ts";
import type { accounts } from "../schema/mail.ts";
import type { EntryState } from "./entries.ts";
import { ownAccounts, readEntries, readThreadEntries } from "./read.ts";
import type { InboxListResponse, UnreadCountsResponse } from "./responses.ts";
import type { InboxQuery } from "./schemas.ts";

type ItemRow = EntryState & ItemMessageRow;

/**
 * Reads a page of the caller's inbox, newest first. Archived messages are listed only with `is_archived`.
 * @returns the page, and the position of the event log at the time of the read
 */
export async function listInbox(
  ctx: UserCtx,
  query: InboxQuery,
): Promise<{ list: InboxListResponse; readAt: string }> {
  const { page, size, thread_id, is_read, is_starred, is_archived = false } = query;
  const filter = { is_read, is_starred, is_archived };
  const { rows, total, next_cursor, readAt } = await mergeParts(ctx, query, async (part, partQuery) => {
    const { accounts, ...read } = thread_id
      ? await readThreadEntries(part, { ...partQuery, thread_id }, filter, withMessages)
      : await readEntries(part, partQuery, filter, withMessages);
    const emails = new Map(accounts.map(({ id, email_address }) => [id, email_address]));
    const rows = read.rows.map((row) => ({ ...row, account_email: emails.get(row.account_id) ?? "" }));
    return { ...read, rows };
  });
  const items = rows.map((row) => toItem(entryIdOf(ctx.user.user_id, row.id), row, row.account_email));
  return { list: { items, total, page, size, next_cursor }, readAt };
}

/**
 * Reads the caller's entry for one message, in any folder.
 * @param id the caller's entry id for the message
 * @throws ServiceError not_found for a message of another company, or the entry id of another user
 */
export async function getEntry(ctx: UserCtx, id: string): Promise<InboxItemResponse> {
  const { user_id } = ctx.user;
  const messageId = messageIdOf(user_id, id);
  const entry = sql<EntryState>`
    SELECT m.id, m.sent_at AS at, coalesce(e.is_read, 0) AS is_read, coalesce(e.is_starred, 0) AS is_starred,
      coalesce(e.is_archived, 0) AS is_archived, e.read_at
    FROM ems_messages m LEFT JOIN ems_inbox_entries e ON e.user_id = ${user_id} AND e.message_id = m.id
    WHERE m.id = ${messageId}`;
  const [[row], [account]] = await batch(ctx, [
    withMessages(ctx, entry),
    sql<{ email_address: string }>`
      SELECT a.email_address FROM ems_messages m CROSS JOIN ems_accounts a ON a.id = m.account_id
      WHERE m.id = ${messageId} AND +m.company_id ${inCompanies(ctx)}`,
  ]);
  if (!row || !account) throw notFound("Inbox entry");
  return toItem(id, row, account.email_address);
}

/** Counts the caller's unread and all messages per account, by address. Sorted here: D1 bills SQLite's sorter as rows read. */
export async function countUnread(ctx: UserCtx): Promise<UnreadCountsResponse> {
  const read = (part: UserCtx) =>
    part.db.all(sql<
      Counters & Pick<RowOf<typeof accounts>, "id" | "email_address" | "message_count" | "thread_count">
    >`
      SELECT a.id, a.email_address, a.message_count, a.thread_count, ${selectCounters(undefined)}
      FROM ${ownAccounts(part)}`);
  const rows = (await Promise.all(ofEachPart(ctx).map(read))).flat();
  return rows.sort(byAddress).map(({ id, email_address, message_count, thread_count, ...counters }) => ({
    account_id: id,
    email_address,
    unread_count: countOf(counters, UNREAD, undefined),
    inbox_count: countOf(counters, SHOWN, undefined),
    message_count,
    thread_count,
  }));
}

/** Joins entries with the message columns of the inbox. */
const withMessages = (ctx: UserCtx, entries: SQL<EntryState>): SQL<ItemRow> => sql`
  SELECT page.*, ${sql.raw(MESSAGE_COLUMNS.map((name) => `m.${name}`).join(", "))},
    t.subject AS thread_subject, t.message_count AS thread_message_count
  FROM (${entries}) page CROSS JOIN ems_messages m ON m.id = page.id CROSS JOIN ems_threads t ON t.id = m.thread_id
  WHERE +m.company_id ${inCompanies(ctx)}`;
