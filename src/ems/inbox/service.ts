import { sql } from "drizzle-orm";
import { notFound } from "../../lib/errors.ts";
import { entryIdOf, messageIdOf } from "../../lib/ids.ts";
import { log } from "../../lib/log.ts";
import type { Position } from "../../lib/pagination.ts";
import { toIso, toIsoOrNull } from "../../lib/time.ts";
import { batch, inCompanies, ofCompany, type UserCtx } from "../context.ts";
import { appendEvents, ring } from "../events/log.ts";
import type { InboxEntryResponse } from "./schemas.ts";
import { settle } from "./settle.ts";

interface EntryRow {
  message_id: string;
  company_id: number;
  thread_id: string;
  email_account_id: string;
  is_read: number;
  is_starred: number;
  is_archived: number;
  read_at: number | null;
  created_at: number;
  sent_at: number;
  hidden: number;
}

/**
 * What can be done to an entry: the columns it sets, their values where the entry has no row yet, and the
 * change where it has one.
 */
const CHANGES = {
  read: { columns: "is_read, read_at", initial: "1, unixepoch()", set: "is_read = 1, read_at = unixepoch()" },
  unread: { columns: "is_read, read_at", initial: "0, NULL", set: "is_read = 0, read_at = NULL" },
  star: { columns: "is_starred", initial: "1", set: "is_starred = NOT is_starred" },
  archive: { columns: "is_archived", initial: "1", set: "is_archived = 1" },
  unarchive: { columns: "is_archived", initial: "0", set: "is_archived = 0" },
};

export type Change = keyof typeof CHANGES;

/**
 * Changes the caller's state of one message.
 * @param id the caller's entry id of it
 * @throws ApiError 404 when it is not a message of the caller's companies, or another user's entry id
 */
export async function changeEntry(ctx: UserCtx, id: string, change: Change): Promise<InboxEntryResponse> {
  const { user_id } = ctx.user;
  const messageId = messageIdOf(user_id, id);
  const { columns, initial, set } = CHANGES[change];
  const [, , entries] = await batch(ctx, [
    appendEvents(sql`
      SELECT company_id, ${user_id}, 'inbox.updated', thread_id, id, NULL, ${causeOfChange()} FROM ems_messages
      WHERE id = ${messageId} AND company_id ${inCompanies(ctx)}`),
    sql`
      INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, folder, ${sql.raw(columns)})
      SELECT ${user_id}, id, company_id, account_id, sent_at, folder, ${sql.raw(initial)} FROM ems_messages
      WHERE id = ${messageId} AND company_id ${inCompanies(ctx)}
      ON CONFLICT (user_id, message_id) DO UPDATE SET ${sql.raw(set)}`,
    sql`
      SELECT m.id AS message_id, m.company_id, m.thread_id, m.account_id AS email_account_id, m.created_at,
        e.is_read, e.is_starred, e.is_archived, e.read_at, e.sent_at, e.hidden
      FROM ems_inbox_entries e JOIN ems_messages m ON m.id = e.message_id
      WHERE e.user_id = ${user_id} AND e.message_id = ${messageId} AND m.company_id ${inCompanies(ctx)}`,
  ]);
  const [entry] = entries as EntryRow[];
  if (!entry) throw notFound("Inbox entry");
  ring(ctx, entry.company_id);
  const touched = { id: entry.message_id, at: entry.sent_at, account_id: entry.email_account_id };
  // Stretches are of what is shown.
  if (!entry.hidden) settleLater(ofCompany(ctx, entry.company_id), [touched]);
  return toResponse(user_id, entry);
}

/**
 * Marks every message of a thread as read for the caller, but for those in junk, trash and drafts.
 * @returns how many were unread
 * @throws ApiError 404
 */
export async function readThread(ctx: UserCtx, threadId: string): Promise<number> {
  const { user_id } = ctx.user;
  const unread = sql`
    ems_messages m LEFT JOIN ems_inbox_entries e ON e.user_id = ${user_id} AND e.message_id = m.id
    WHERE m.thread_id = ${threadId} AND m.hidden = 0 AND +m.company_id ${inCompanies(ctx)} AND coalesce(e.is_read, 0) = 0`;
  const [threads, , updated] = await batch(ctx, [
    sql`SELECT company_id FROM ems_threads WHERE id = ${threadId} AND company_id ${inCompanies(ctx)}`,
    appendEvents(sql`
      SELECT m.company_id, ${user_id}, 'inbox.updated', m.thread_id, NULL, NULL, ${causeOfChange()} FROM ${unread} LIMIT 1`),
    sql`
      INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, folder, is_read, read_at)
      SELECT ${user_id}, m.id, m.company_id, m.account_id, m.sent_at, m.folder, 1, unixepoch() FROM ${unread}
      ON CONFLICT (user_id, message_id) DO UPDATE SET is_read = 1, read_at = excluded.read_at
      RETURNING message_id AS id, sent_at AS at, account_id`,
  ]);
  const [thread] = threads as { company_id: number }[];
  if (!thread) throw notFound("Thread");
  ring(ctx, thread.company_id);
  settleLater(ofCompany(ctx, thread.company_id), updated as Touched[]);
  return updated?.length ?? 0;
}

/** Each change is told of, to the user's other tabs and devices. */
const causeOfChange = (): string => `inbox.updated/${crypto.randomUUID()}`;

interface Touched extends Position {
  account_id: string;
}

function settleLater(ctx: UserCtx, touched: Touched[]): void {
  const work = async () => {
    for (const { account_id, ...key } of touched) await settle(ctx, ctx.user.user_id, account_id, key);
  };
  ctx.defer(work().catch((error) => log("warn", "inbox.not_settled", { error })));
}

const toResponse = (userId: number, entry: EntryRow): InboxEntryResponse => ({
  id: entryIdOf(userId, entry.message_id),
  user_id: userId,
  message_id: entry.message_id,
  thread_id: entry.thread_id,
  email_account_id: entry.email_account_id,
  is_read: entry.is_read === 1,
  is_starred: entry.is_starred === 1,
  is_archived: entry.is_archived === 1,
  read_at: toIsoOrNull(entry.read_at),
  created_at: toIso(entry.created_at),
});
