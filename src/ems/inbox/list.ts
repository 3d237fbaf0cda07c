import { type SQL, sql } from "drizzle-orm";
import { entryIdOf } from "../../lib/ids.ts";
import { cutPage, isPastEnd, rowsFor } from "../../lib/pagination.ts";
import { toIso, toIsoOrNull } from "../../lib/time.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { newestEvent } from "../events/log.ts";
import { byAddress, readAtOf, readingOf } from "../lists.ts";
import { type EntryState, type Filter, groupScopes, type Scope, selectEntries } from "./entries.ts";
import { catchUp, countLate } from "./late.ts";
import type { InboxItemResponse, InboxListResponse, InboxQuery, UnreadCountsResponse } from "./schemas.ts";
import { parseStretches, selectStretches } from "./stretches.ts";

/** How many of account `a`'s messages each filter shows: `n` holds the caller's counters. */
const COUNTS: Record<Filter, SQL> = {
  all: sql`a.message_count - coalesce(n.archived_count, 0)`,
  read: sql`coalesce(n.read_count, 0)`,
  unread: sql`a.message_count - coalesce(n.read_count, 0) - coalesce(n.archived_count, 0)`,
};

/** What a statement of entries can take: see Scope. */
const STRETCHES = 2;

interface AccountRow {
  id: string;
  company_id: number;
  email_address: string;
  count: number;
  late: number;
  stretches: string;
}

interface ItemRow extends EntryState {
  account_id: string;
  thread_id: string;
  from_address: string;
  from_name: string | null;
  subject: string;
  snippet: string | null;
  direction: "inbound" | "outbound";
  has_attachments: number;
  created_at: number;
  thread_subject: string;
  thread_message_count: number;
}

/** A page of the caller's inbox, newest first, without what they archived, and the position that it was read at. */
export async function listInbox(
  ctx: UserCtx,
  query: InboxQuery,
): Promise<{ list: InboxListResponse; readAt: string }> {
  const { page, size } = query;
  const filter = query.is_read === undefined ? "all" : query.is_read ? "read" : "unread";
  const [newest, rows] = await batch(ctx, [newestEvent, selectAccounts(ctx, filter, query)]);
  const accounts = await catchUp(ctx, rows as AccountRow[]);
  const total = accounts.reduce((sum, { count }) => sum + count, 0);
  const found = isPastEnd(query, total) ? NOTHING : await selectPage(ctx, query, filter, accounts);
  const emails = new Map(accounts.map(({ id, email_address }) => [id, email_address]));
  const items = found.rows.map((row) => toItem(ctx.user.user_id, row, emails.get(row.account_id) ?? ""));
  const list = { items, total, page, size, next_cursor: found.next_cursor };
  return { list, readAt: readAtOf(ctx, newest) };
}

interface Found {
  rows: ItemRow[];
  next_cursor: string | null;
}

const NOTHING: Found = { rows: [], next_cursor: null };

/** The page of one statement comes with its messages. Several are merged first, and only what is shown is looked up. */
async function selectPage(
  ctx: UserCtx,
  query: InboxQuery,
  filter: Filter,
  accounts: AccountRow[],
): Promise<Found> {
  const groups = groupScopes(scopesOf(accounts, query.account_id !== undefined), filter);
  const { merged, offset } = readingOf(ctx, query, groups.length);
  const statements = groups.map((group) => {
    const limit = rowsFor(merged);
    return selectEntries(ctx.user.user_id, group, { filter, cursor: query.cursor, offset, limit });
  });
  const [only] = statements;
  if (only && statements.length === 1 && ctx.shards.length === 1) {
    return cutPage((await batch(ctx, [withMessages(ctx, only)])) as ItemRow[][], merged);
  }
  const { rows: entries, next_cursor } = cutPage((await batch(ctx, statements)) as EntryState[][], merged);
  const rows = (await batch(ctx, [withMessages(ctx, fromJson(entries))])) as ItemRow[][];
  return { ...cutPage(rows, { ...merged, first: 0 }), next_cursor };
}

/** The caller's unread messages of each account, by address (ordered here: SQLite's sorter counts as rows read). */
export async function countUnread(ctx: UserCtx): Promise<UnreadCountsResponse> {
  const counts = await ctx.db.all<UnreadCountsResponse[number]>(sql`
    SELECT a.id AS account_id, a.email_address, ${COUNTS.unread} AS unread_count FROM ${ownAccounts(ctx)}`);
  return counts.sort(byAddress);
}

const selectAccounts = (ctx: UserCtx, filter: Filter, { account_id, cursor }: InboxQuery): SQL => sql`
    SELECT a.id, a.company_id, a.email_address, ${COUNTS[filter]} AS count, ${countLate} AS late,
      ${selectStretches(ctx.user.user_id, cursor, STRETCHES)} AS stretches
    FROM ${ownAccounts(ctx)} ${account_id ? sql`WHERE a.id = ${account_id}` : sql``}`;

/** The accounts `a` of the caller's companies, with the caller's counters `n`. To ask with IN would read more rows. */
const ownAccounts = ({ user }: UserCtx): SQL => sql`
  json_each(${JSON.stringify(user.companies)}) j CROSS JOIN ems_accounts a ON a.company_id = j.value
  LEFT JOIN ems_inbox_counters n ON n.user_id = ${user.user_id} AND n.account_id = a.id`;

function scopesOf(accounts: AccountRow[], byAccount: boolean): Scope[] {
  const companies = Map.groupBy(accounts, ({ company_id }) => company_id);
  return [...companies].flatMap(([company, members]): Scope[] => {
    const scopes = members.map(({ id, stretches }) => ({
      column: "account_id" as const,
      value: id,
      stretches: parseStretches(stretches),
    }));
    const isPlain = !byAccount && scopes.every(({ stretches }) => stretches.length === 0);
    return isPlain ? [{ column: "company_id", value: company, stretches: [] }] : scopes;
  });
}

/** Entries as a table again. */
const fromJson = (entries: EntryState[]): SQL => sql`
  SELECT value ->> 'id' AS id, value ->> 'at' AS at, value ->> 'is_read' AS is_read,
    value ->> 'is_starred' AS is_starred, value ->> 'read_at' AS read_at
  FROM json_each(${JSON.stringify(entries)})`;

/** The entries with what an inbox shows of their messages. */
const withMessages = (ctx: UserCtx, entries: SQL): SQL => sql`
  SELECT page.*, m.account_id, m.thread_id, m.from_address, m.from_name, m.subject, m.snippet, m.direction,
    m.has_attachments, m.created_at, t.subject AS thread_subject, t.message_count AS thread_message_count
  FROM (${entries}) page CROSS JOIN ems_messages m ON m.id = page.id CROSS JOIN ems_threads t ON t.id = m.thread_id
  WHERE +m.company_id ${inCompanies(ctx)}`;

const toItem = (userId: number, row: ItemRow, account_email: string): InboxItemResponse => ({
  id: entryIdOf(userId, row.id),
  is_read: row.is_read === 1,
  is_starred: row.is_starred === 1,
  is_archived: false,
  read_at: toIsoOrNull(row.read_at),
  created_at: toIso(row.created_at),
  message: {
    id: row.id,
    thread_id: row.thread_id,
    from_address: row.from_address,
    from_name: row.from_name,
    subject: row.subject,
    snippet: row.snippet,
    direction: row.direction,
    has_attachments: row.has_attachments === 1,
    sent_at: toIso(row.at),
  },
  thread_subject: row.thread_subject,
  thread_message_count: row.thread_message_count,
  account_email,
});
