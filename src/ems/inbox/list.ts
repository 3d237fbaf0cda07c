import { type SQL, sql } from "drizzle-orm";
import { entryIdOf } from "../../lib/ids.ts";
import { isPastEnd, mergePage, type Position } from "../../lib/pagination.ts";
import { toIso, toIsoOrNull } from "../../lib/time.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { newestEvent } from "../events/log.ts";
import { readAtOf } from "../lists.ts";
import type { InboxItemResponse, InboxListResponse, InboxQuery, UnreadCountsResponse } from "./schemas.ts";
import { compare, parseStretches, type Stretch, selectStretches } from "./stretches.ts";

type Filter = "all" | "read" | "unread";

/** How many of account `a`'s messages each filter shows: `n` holds the caller's counters. */
const COUNTS: Record<Filter, SQL> = {
  all: sql`a.message_count - coalesce(n.archived_count, 0)`,
  read: sql`coalesce(n.read_count, 0)`,
  unread: sql`a.message_count - coalesce(n.read_count, 0) - coalesce(n.archived_count, 0)`,
};

/** SQLite takes five terms in a compound: this many stretches, what lies before each, and the rest. */
const STRETCHES = 2;

interface AccountRow {
  id: string;
  company_id: number;
  email_address: string;
  count: number;
  stretches: string;
}

interface EntryState extends Position {
  is_read: number;
  is_starred: number;
  read_at: number | null;
}

interface MessageSummary {
  id: string;
  account_id: string;
  thread_id: string;
  from_address: string;
  from_name: string | null;
  subject: string;
  snippet: string | null;
  direction: "inbound" | "outbound";
  has_attachments: number;
  sent_at: number;
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
  const [newest, rows] = await batch(ctx, [newestEvent, selectAccounts(ctx, filter, query.account_id)]);
  const readAt = readAtOf(ctx, newest);
  const accounts = rows as AccountRow[];
  const total = accounts.reduce((sum, { count }) => sum + count, 0);
  const items = isPastEnd(query, total) ? [] : await selectItems(ctx, query, filter, accounts);
  return { list: { items, total, page, size }, readAt };
}

async function selectItems(
  ctx: UserCtx,
  query: InboxQuery,
  filter: Filter,
  accounts: AccountRow[],
): Promise<InboxItemResponse[]> {
  const { page, size } = query;
  const statements = scopesOf(accounts, query.account_id !== undefined).map((scope) =>
    filter === "read" ? selectRead(ctx, scope, page * size) : selectSegments(ctx, filter, scope, page * size),
  );
  const rows = mergePage((await batch(ctx, statements)) as EntryState[][], query);
  const messages = await selectMessages(
    ctx,
    rows.map(({ id }) => id),
  );
  const emails = new Map(accounts.map(({ id, email_address }) => [id, email_address]));
  return rows.flatMap((entry) => {
    const message = messages.get(entry.id);
    return message ? [toItem(ctx.user.user_id, entry, message, emails.get(message.account_id) ?? "")] : [];
  });
}

/** The caller's unread messages of each account, by address (ordered here: SQLite's sorter counts as rows read). */
export async function countUnread(ctx: UserCtx): Promise<UnreadCountsResponse> {
  const counts = await ctx.db.all<UnreadCountsResponse[number]>(sql`
    SELECT a.id AS account_id, a.email_address, ${COUNTS.unread} AS unread_count FROM ems_accounts a
    LEFT JOIN ems_inbox_counters n ON n.user_id = ${ctx.user.user_id} AND n.account_id = a.id
    WHERE a.company_id ${inCompanies(ctx)}`);
  return counts.sort((a, b) => (a.email_address < b.email_address ? -1 : 1));
}

const selectAccounts = (ctx: UserCtx, filter: Filter, accountId: string | undefined): SQL => sql`
    SELECT a.id, a.company_id, a.email_address, ${COUNTS[filter]} AS count,
      ${selectStretches(ctx.user.user_id, STRETCHES)} AS stretches
    FROM ems_accounts a LEFT JOIN ems_inbox_counters n ON n.user_id = ${ctx.user.user_id} AND n.account_id = a.id
    WHERE a.company_id ${inCompanies(ctx)} ${accountId ? sql`AND a.id = ${accountId}` : sql``}`;

/** What one statement lists: an account, or a company of whose accounts none has a stretch. */
interface Scope {
  column: "account_id" | "company_id";
  value: string | number;
  stretches: Stretch[];
}

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

/** What is read has an entry row. */
const selectRead = ({ user }: UserCtx, { column, value }: Scope, limit: number): SQL => sql`
  SELECT message_id AS id, sent_at AS at, is_read, is_starred, read_at FROM ems_inbox_entries
  WHERE user_id = ${user.user_id} AND ${sql.raw(column)} = ${value} AND is_archived = 0 AND is_read = 1
  ORDER BY sent_at DESC, message_id DESC LIMIT ${limit}`;

/**
 * Walks down a scope, stretch by stretch: within one the entry rows lead, by index; between them the messages
 * do, since what is not touched has no entry. SQLite opens a segment only when those before gave too few rows.
 */
function selectSegments(ctx: UserCtx, filter: "all" | "unread", scope: Scope, limit: number): SQL {
  const { user_id } = ctx.user;
  const column = sql.raw(scope.column);
  const between = (bounds: SQL) => sql`
    SELECT m.id, m.sent_at AS at, coalesce(e.is_read, 0) AS is_read, coalesce(e.is_starred, 0) AS is_starred, e.read_at
    FROM ems_messages m LEFT JOIN ems_inbox_entries e ON e.user_id = ${user_id} AND e.message_id = m.id
    WHERE m.${column} = ${scope.value} AND coalesce(e.is_archived, 0) = 0
      ${filter === "unread" ? sql`AND coalesce(e.is_read, 0) = 0` : sql``} ${bounds}
    ORDER BY m.sent_at DESC, m.id DESC LIMIT ${limit}`;
  const within = ({ newest, oldest }: Stretch) => sql`
    SELECT message_id AS id, sent_at AS at, is_read, is_starred, read_at FROM ems_inbox_entries
    WHERE user_id = ${user_id} AND ${column} = ${scope.value} AND is_archived = 0
      ${filter === "unread" ? sql`AND is_read = 0` : sql``}
      AND ${compare("sent_at", "message_id", "<=", newest)} AND ${compare("sent_at", "message_id", ">=", oldest)}
    ORDER BY sent_at DESC, message_id DESC LIMIT ${limit}`;

  const segments: SQL[] = [];
  let above: SQL = sql``;
  for (const stretch of scope.stretches) {
    segments.push(
      between(sql`${above} AND ${compare("m.sent_at", "m.id", ">", stretch.newest)}`),
      within(stretch),
    );
    above = sql`AND ${compare("m.sent_at", "m.id", "<", stretch.oldest)}`;
  }
  segments.push(between(above));
  const terms = segments.map((segment) => sql`SELECT * FROM (${segment})`);
  return sql`${sql.join(terms, sql` UNION ALL `)} LIMIT ${limit}`;
}

async function selectMessages(ctx: UserCtx, ids: string[]): Promise<Map<string, MessageSummary>> {
  if (ids.length === 0) return new Map();
  const rows = await ctx.db.all<MessageSummary>(sql`
    SELECT m.id, m.account_id, m.thread_id, m.from_address, m.from_name, m.subject, m.snippet, m.direction,
      m.has_attachments, m.sent_at, m.created_at, t.subject AS thread_subject,
      t.message_count AS thread_message_count
    FROM json_each(${JSON.stringify(ids)}) j
    CROSS JOIN ems_messages m ON m.id = j.value JOIN ems_threads t ON t.id = m.thread_id
    WHERE +m.company_id ${inCompanies(ctx)}`);
  return new Map(rows.map((row) => [row.id, row]));
}

function toItem(
  userId: number,
  entry: EntryState,
  { created_at, thread_subject, thread_message_count, account_id: _account, ...message }: MessageSummary,
  account_email: string,
): InboxItemResponse {
  return {
    id: entryIdOf(userId, message.id),
    is_read: entry.is_read === 1,
    is_starred: entry.is_starred === 1,
    is_archived: false,
    read_at: toIsoOrNull(entry.read_at),
    created_at: toIso(created_at),
    message: { ...message, has_attachments: message.has_attachments === 1, sent_at: toIso(message.sent_at) },
    thread_subject,
    thread_message_count,
    account_email,
  };
}
