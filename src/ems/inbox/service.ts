import { notFound } from "../../lib/errors.ts";
import { entryIdOf, messageIdOf } from "../../lib/ids.ts";
import { toIso, toIsoOrNull } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import { batch, inCompanies, ofCompany, type UserCtx } from "../context.ts";
import { notifyHub } from "../events/hub-client.ts";
import { appendEvents } from "../events/log.ts";
import type { RowKey } from "../lists/pagination.ts";
import type { inboxEntries } from "../schema/inbox.ts";
import type { messages } from "../schema/mail.ts";
import { type DenseRange, isNewer } from "./dense-ranges.ts";
import { densify } from "./densify.ts";
import type { EntriesResponse, InboxEntryResponse } from "./responses.ts";

type EntryRow = Pick<
  RowOf<typeof inboxEntries>,
  "message_id" | "is_read" | "is_starred" | "is_archived" | "read_at" | "sent_at" | "hidden"
> &
  Pick<RowOf<typeof messages>, "company_id" | "thread_id" | "created_at"> & { email_account_id: string };

/** The changes to an entry. An absent field stays unchanged. */
export interface EntryChanges {
  is_read?: boolean | undefined;
  /** "toggle" inverts the stored value, as the contract's star route does. */
  is_starred?: boolean | "toggle" | undefined;
  is_archived?: boolean | undefined;
}

/** A column of an entry: the value for a new row, and the update of an existing one. */
interface Assignment {
  column: string;
  initial: SQL;
  set: SQL;
}

function assignmentsOf({ is_read, is_starred, is_archived }: EntryChanges): Assignment[] {
  const to = (column: string, value: SQL): Assignment => ({ column, initial: value, set: value });
  const flag = (column: string, value: boolean) => to(column, value ? sql`1` : sql`0`);
  return [
    ...(is_read === undefined
      ? []
      : [flag("is_read", is_read), to("read_at", is_read ? sql`unixepoch()` : sql`NULL`)]),
    ...(is_starred === "toggle" ? [{ column: "is_starred", initial: sql`1`, set: sql`NOT is_starred` }] : []),
    ...(typeof is_starred === "boolean" ? [flag("is_starred", is_starred)] : []),
    ...(is_archived === undefined ? [] : [flag("is_archived", is_archived)]),
  ];
}

/**
 * The statement that changes a user's entries.
 * @param messages a FROM clause of the messages `m`, of the user's companies only
 */
export function upsertEntries(userId: number, messages: SQL, changes: EntryChanges): SQL<Touched> {
  const assignments = assignmentsOf(changes);
  const columns = sql.raw(assignments.map(({ column }) => column).join(", "));
  const initial = sql.join(
    assignments.map((each) => each.initial),
    sql`, `,
  );
  const set = sql.join(
    assignments.map((each) => sql`${sql.raw(each.column)} = ${each.set}`),
    sql`, `,
  );
  return sql`
    INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, folder, ${columns})
    SELECT ${userId}, m.id, m.company_id, m.account_id, m.sent_at, m.folder, ${initial} FROM ${messages} WHERE true
    ON CONFLICT (user_id, message_id) DO UPDATE SET ${set}
    RETURNING message_id AS id, sent_at AS at, account_id`;
}

/**
 * Changes the caller's state of one message.
 * @param id the caller's entry id for the message
 * @throws ServiceError not_found for a message of another company, or the entry id of another user
 */
export async function changeEntry(
  ctx: UserCtx,
  id: string,
  changes: EntryChanges,
): Promise<InboxEntryResponse> {
  const { items } = await changeEntries(ctx, [id], changes);
  const [entry] = items;
  if (!entry) throw notFound("Inbox entry");
  return entry;
}

/**
 * Applies the same changes to the caller's state of several messages.
 * @param ids the caller's entry ids for the messages
 * @returns the entries in the order of the ids, and the ids without an entry of the caller
 */
export async function changeEntries(
  ctx: UserCtx,
  ids: string[],
  changes: EntryChanges,
): Promise<EntriesResponse> {
  const { user_id } = ctx.user;
  const wanted = new Map(ids.map((id) => [messageIdOf(user_id, id), id]));
  const mine = sql`
    json_each(${JSON.stringify([...wanted.keys()])}) j CROSS JOIN ems_messages m ON m.id = j.value
      AND +m.company_id ${inCompanies(ctx)}`;
  const [, , entries] = await batch(ctx, [
    // Without a cause: every change raises an event for the user's other tabs and devices.
    appendEvents(sql`
      SELECT m.company_id, ${user_id}, 'inbox.updated', m.thread_id, m.id, NULL, NULL FROM ${mine}`),
    upsertEntries(user_id, mine, changes),
    sql<EntryRow>`
      SELECT m.id AS message_id, m.company_id, m.thread_id, m.account_id AS email_account_id, m.created_at,
        e.is_read, e.is_starred, e.is_archived, e.read_at, e.sent_at, e.hidden
      FROM ${mine} CROSS JOIN ems_inbox_entries e ON e.message_id = m.id AND e.user_id = ${user_id}`,
  ]);
  const found = new Map(entries.map((row) => [row.message_id, row]));
  const rows = [...wanted.keys()].flatMap((messageId) => found.get(messageId) ?? []);
  for (const [company, group] of Map.groupBy(rows, ({ company_id }) => company_id)) {
    notifyHub(ctx, company);
    // Only shown messages are in dense ranges.
    densifyLater(ofCompany(ctx, company), group.filter(({ hidden }) => !hidden).map(toTouched));
  }
  const not_found = [...wanted].flatMap(([messageId, id]) => (found.has(messageId) ? [] : [id]));
  return { items: rows.map((row) => toResponse(user_id, row)), not_found };
}

const toTouched = ({ message_id, sent_at, email_account_id }: EntryRow): Touched => ({
  id: message_id,
  at: sent_at,
  account_id: email_account_id,
});

/**
 * Marks the messages of a thread as read for the caller, except in junk, trash and drafts.
 * @returns how many were unread
 * @throws ServiceError not_found
 */
export async function readThread(ctx: UserCtx, threadId: string): Promise<number> {
  const { user_id } = ctx.user;
  const unread = sql`
    ems_messages m LEFT JOIN ems_inbox_entries e ON e.user_id = ${user_id} AND e.message_id = m.id
    WHERE m.thread_id = ${threadId} AND m.hidden = 0 AND +m.company_id ${inCompanies(ctx)} AND coalesce(e.is_read, 0) = 0`;
  const [[thread], , updated] = await batch(ctx, [
    sql<{
      company_id: number;
    }>`SELECT company_id FROM ems_threads WHERE id = ${threadId} AND company_id ${inCompanies(ctx)}`,
    appendEvents(sql`
      SELECT m.company_id, ${user_id}, 'inbox.updated', m.thread_id, NULL, NULL, NULL FROM ${unread} LIMIT 1`),
    sql<Touched>`
      INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, folder, is_read, read_at)
      SELECT ${user_id}, m.id, m.company_id, m.account_id, m.sent_at, m.folder, 1, unixepoch() FROM ${unread}
      ON CONFLICT (user_id, message_id) DO UPDATE SET is_read = 1, read_at = excluded.read_at
      RETURNING message_id AS id, sent_at AS at, account_id`,
  ]);
  if (!thread) throw notFound("Thread");
  notifyHub(ctx, thread.company_id);
  densifyLater(ofCompany(ctx, thread.company_id), updated);
  return updated.length;
}

/** A message whose entry has changed. */
export interface Touched extends RowKey {
  account_id: string;
}

/** How many touched messages to look around. A failure, or leaving some out, costs speed only. */
const MAX_DENSIFIED = 100;

/** Extends dense ranges around shown messages of one company, after the response. */
export function densifyLater(ctx: UserCtx, touched: Touched[]): void {
  const work = async () => {
    const dense: (DenseRange & { account_id: string })[] = [];
    for (const { account_id, ...key } of touched.slice(0, MAX_DENSIFIED)) {
      const isDense = dense.some((one) => one.account_id === account_id && isWithin(one, key));
      const range = isDense ? null : await densify(ctx, ctx.user.user_id, account_id, key);
      if (range) dense.push({ account_id, ...range });
    }
  };
  ctx.defer(work().catch((error) => log("warn", "inbox.not_densified", { error })));
}

const isWithin = ({ newest, oldest }: DenseRange, key: RowKey): boolean =>
  !isNewer(key, newest) && !isNewer(oldest, key);

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
