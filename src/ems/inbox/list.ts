import { notFound } from "../../lib/errors.ts";
import { entryIdOf, messageIdOf } from "../../lib/ids.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { newestEvent } from "../events/log.ts";
import { type Folder, HIDDEN_FOLDERS } from "../folders.ts";
import { type Counters, countOf, type Filter, SHOWN, selectCounters, UNREAD } from "../items/counts.ts";
import type { InboxItemResponse } from "../items/responses.ts";
import { type ItemMessageRow, MESSAGE_COLUMNS, toItem } from "../items/rows.ts";
import { byAddress, planPage, readAtOf } from "../lists/page.ts";
import { cutPage, isPastEnd, rowsFor } from "../lists/pagination.ts";
import type { accounts } from "../schema/mail.ts";
import { applyBacklog, countBacklog } from "./backlog.ts";
import { parseRanges, selectRanges } from "./dense-ranges.ts";
import {
  type EntryState,
  groupScopes,
  isByAccount,
  type Scope,
  selectEntries,
  selectThread,
} from "./entries.ts";
import type { InboxListResponse, UnreadCountsResponse } from "./responses.ts";
import type { InboxQuery } from "./schemas.ts";

/** Dense ranges per statement: see Scope. */
const MAX_RANGES = 2;

interface AccountRow extends Pick<RowOf<typeof accounts>, "id" | "company_id" | "email_address">, Counters {
  late: number;
  ranges: string;
}

type ItemRow = EntryState & ItemMessageRow;

/**
 * Reads a page of the caller's inbox, newest first. Archived messages are listed only with `is_archived`.
 * @returns the page, and the position of the event log at the time of the read
 */
export async function listInbox(
  ctx: UserCtx,
  query: InboxQuery,
): Promise<{ list: InboxListResponse; readAt: string }> {
  const { page, size, is_read, is_starred, is_archived = false } = query;
  const filter = { is_read, is_starred, is_archived };
  const [newest, rows] = await batch(ctx, [newestEvent, selectAccounts(ctx, query)]);
  const accounts = await applyBacklog(ctx, rows);
  const scopes = scopesOf(accounts, query, filter);
  const total = query.thread_id
    ? await countThread(ctx, scopes, filter)
    : accounts.reduce((sum, account) => sum + countOf(account, filter, query.folder), 0);
  const found = isPastEnd(query, total) ? NOTHING : await selectPage(ctx, query, filter, scopes);
  const emails = new Map(accounts.map(({ id, email_address }) => [id, email_address]));
  const items = found.rows.map((row) =>
    toItem(entryIdOf(ctx.user.user_id, row.id), row, emails.get(row.account_id) ?? ""),
  );
  const list = { items, total, page, size, next_cursor: found.next_cursor };
  return { list, readAt: readAtOf(ctx, newest) };
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

interface Found {
  rows: ItemRow[];
  next_cursor: string | null;
}

const NOTHING: Found = { rows: [], next_cursor: null };

/** A single statement also selects the message columns. Several are merged first, then the page's messages are read. */
async function selectPage(ctx: UserCtx, query: InboxQuery, filter: Filter, scopes: Scope[]): Promise<Found> {
  const groups = groupScopes(scopes, filter);
  const { merged, offset } = planPage(ctx, query, groups.length);
  const statements = groups.map((group) => {
    const limit = rowsFor(merged);
    return selectEntries(ctx.user.user_id, group, { filter, cursor: query.cursor, offset, limit });
  });
  const [only] = statements;
  if (only && statements.length === 1 && ctx.db.parts === 1) {
    return cutPage(await batch(ctx, [withMessages(ctx, only)]), merged);
  }
  const { rows: entries, next_cursor } = cutPage(await batch(ctx, statements), merged);
  const rows = await batch(ctx, [withMessages(ctx, fromJson(entries))]);
  return { ...cutPage(rows, { ...merged, first: 0 }), next_cursor };
}

/** Counts the matching messages of a thread by reading them. */
async function countThread(ctx: UserCtx, scopes: Scope[], filter: Filter): Promise<number> {
  const threads = scopes.map((scope) => selectThread(ctx.user.user_id, scope, filter));
  const [row] = await ctx.db.all(sql<{ total: number }>`
    SELECT count(*) AS total FROM (${sql.join(threads, sql` UNION ALL `)}) page
    CROSS JOIN ems_messages m ON m.id = page.id WHERE +m.company_id ${inCompanies(ctx)}`);
  return row?.total ?? 0;
}

/** Counts the caller's unread and all messages per account, by address. Sorted here: D1 bills SQLite's sorter as rows read. */
export async function countUnread(ctx: UserCtx): Promise<UnreadCountsResponse> {
  const rows = await ctx.db.all(sql<
    Counters & Pick<RowOf<typeof accounts>, "id" | "email_address" | "message_count" | "thread_count">
  >`
    SELECT a.id, a.email_address, a.message_count, a.thread_count, ${selectCounters(undefined)} FROM ${ownAccounts(ctx)}`);
  return rows.sort(byAddress).map(({ id, email_address, message_count, thread_count, ...counters }) => ({
    account_id: id,
    email_address,
    unread_count: countOf(counters, UNREAD, undefined),
    inbox_count: countOf(counters, SHOWN, undefined),
    message_count,
    thread_count,
  }));
}

const selectAccounts = (ctx: UserCtx, { account_id, cursor, folder }: InboxQuery): SQL<AccountRow> => sql`
    SELECT a.id, a.company_id, a.email_address, ${selectCounters(folder)}, ${countBacklog} AS late,
      ${selectRanges(ctx.user.user_id, cursor, MAX_RANGES)} AS ranges
    FROM ${ownAccounts(ctx)} ${account_id ? sql`WHERE a.id = ${account_id}` : sql``}`;

/** The accounts `a` of the caller's companies, with the caller's counters `n`. `IN` would read more rows. */
const ownAccounts = ({ user }: UserCtx): SQL => sql`
  json_each(${JSON.stringify(user.companies)}) j CROSS JOIN ems_accounts a ON a.company_id = j.value
  LEFT JOIN ems_inbox_counters n ON n.user_id = ${user.user_id} AND n.account_id = a.id`;

function scopesOf(accounts: AccountRow[], query: InboxQuery, filter: Filter): Scope[] {
  const { account_id, thread_id, folder } = query;
  if (thread_id) {
    const parts = folder === undefined ? ["shown" as const] : folder === "all" ? PARTS : [folder];
    const thread = { column: "thread_id" as const, value: thread_id, ranges: [], account: account_id };
    return parts.map((part) => ({ ...thread, part }));
  }
  if (folder !== undefined && folder !== "all") return accounts.map((account) => scopeOf(account, folder));
  const byAccount = account_id !== undefined || isByAccount(filter);
  const companies = Map.groupBy(accounts, ({ company_id }) => company_id);
  return [...companies].flatMap(([company, members]): Scope[] => {
    const scopes = members.map((account) => scopeOf(account, "shown"));
    const isPlain = !byAccount && scopes.every(({ ranges }) => ranges.length === 0);
    const whole = { column: "company_id" as const, value: company, ranges: [] };
    const shown: Scope[] = isPlain ? [{ ...whole, part: "shown" }] : scopes;
    if (folder !== "all") return shown;
    const hidden = byAccount ? scopes : [whole];
    return [...shown, ...hidden.map((scope): Scope => ({ ...scope, part: "hidden", ranges: [] }))];
  });
}

const PARTS = ["shown", "hidden"] as const;

/** Hidden folders have no dense ranges. */
const scopeOf = ({ id, ranges }: AccountRow, part: "shown" | Folder): Scope => ({
  column: "account_id",
  value: id,
  part,
  ranges: HIDDEN_FOLDERS.includes(part) ? [] : parseRanges(ranges),
});

/** Turns entries back into a table. */
const fromJson = (entries: EntryState[]): SQL<EntryState> => sql`
  SELECT value ->> 'id' AS id, value ->> 'at' AS at, value ->> 'is_read' AS is_read,
    value ->> 'is_starred' AS is_starred, value ->> 'is_archived' AS is_archived, value ->> 'read_at' AS read_at
  FROM json_each(${JSON.stringify(entries)})`;

/** Joins entries with the message columns of the inbox. */
const withMessages = (ctx: UserCtx, entries: SQL<EntryState>): SQL<ItemRow> => sql`
  SELECT page.*, ${sql.raw(MESSAGE_COLUMNS.map((name) => `m.${name}`).join(", "))},
    t.subject AS thread_subject, t.message_count AS thread_message_count
  FROM (${entries}) page CROSS JOIN ems_messages m ON m.id = page.id CROSS JOIN ems_threads t ON t.id = m.thread_id
  WHERE +m.company_id ${inCompanies(ctx)}`;
