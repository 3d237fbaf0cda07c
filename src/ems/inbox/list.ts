import { type SQL, sql } from "drizzle-orm";
import { entryIdOf } from "../../lib/ids.ts";
import { cutPage, isPastEnd, rowsFor } from "../../lib/pagination.ts";
import { toIso, toIsoOrNull } from "../../lib/time.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { newestEvent } from "../events/log.ts";
import { byAddress, isHidden, readAtOf, readingOf } from "../lists.ts";
import type { FolderFilter } from "../messages/schemas.ts";
import type { Folder } from "../schema/mail.ts";
import { type EntryState, type Filter, groupScopes, type Scope, selectEntries } from "./entries.ts";
import { catchUp, countLate } from "./late.ts";
import type { InboxItemResponse, InboxListResponse, InboxQuery, UnreadCountsResponse } from "./schemas.ts";
import { parseStretches, selectStretches } from "./stretches.ts";

/** How many of account `a`'s messages each filter shows, of how many there are, are read, and are archived. */
const COUNTS: Record<Filter, (all: SQL, read: SQL, archived: SQL) => SQL> = {
  all: (all, _read, archived) => sql`${all} - ${archived}`,
  read: (_all, read) => read,
  unread: (all, read, archived) => sql`${all} - ${read} - ${archived}`,
};

/** The caller's counters are `n` for all that is shown; folders other than the inbox have ones of their own. */
function countsOf({ user }: UserCtx, filter: Filter, folder: FolderFilter): SQL {
  const count = COUNTS[filter];
  const shown = { read: sql`coalesce(n.read_count, 0)`, archived: sql`coalesce(n.archived_count, 0)` };
  if (folder === undefined) return count(sql`a.message_count`, shown.read, shown.archived);
  const own = (column: string, folders: string) => sql`(
    SELECT coalesce(sum(${sql.raw(column)}), 0) FROM ems_inbox_folder_counters
    WHERE user_id = ${user.user_id} AND account_id = a.id AND folder IN (${sql.raw(folders)}))`;
  if (folder === "all") {
    const hidden = "'junk', 'trash', 'drafts'";
    return count(
      sql`(a.message_count + a.hidden_message_count)`,
      sql`(${shown.read} + ${own("read_count", hidden)})`,
      sql`(${shown.archived} + ${own("archived_count", hidden)})`,
    );
  }
  const all = sql`coalesce((
    SELECT message_count FROM ems_folder_counters WHERE account_id = a.id AND folder = ${folder}), 0)`;
  if (folder !== "inbox")
    return count(all, own("read_count", `'${folder}'`), own("archived_count", `'${folder}'`));
  const others = "'sent', 'archive'";
  return count(
    all,
    sql`(${shown.read} - ${own("read_count", others)})`,
    sql`(${shown.archived} - ${own("archived_count", others)})`,
  );
}

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
  folder: Folder;
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
  const groups = groupScopes(scopesOf(accounts, query), filter);
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
    SELECT a.id AS account_id, a.email_address, ${countsOf(ctx, "unread", undefined)} AS unread_count FROM ${ownAccounts(ctx)}`);
  return counts.sort(byAddress);
}

const selectAccounts = (ctx: UserCtx, filter: Filter, { account_id, cursor, folder }: InboxQuery): SQL => sql`
    SELECT a.id, a.company_id, a.email_address, ${countsOf(ctx, filter, folder)} AS count, ${countLate} AS late,
      ${selectStretches(ctx.user.user_id, cursor, STRETCHES)} AS stretches
    FROM ${ownAccounts(ctx)} ${account_id ? sql`WHERE a.id = ${account_id}` : sql``}`;

/** The accounts `a` of the caller's companies, with the caller's counters `n`. To ask with IN would read more rows. */
const ownAccounts = ({ user }: UserCtx): SQL => sql`
  json_each(${JSON.stringify(user.companies)}) j CROSS JOIN ems_accounts a ON a.company_id = j.value
  LEFT JOIN ems_inbox_counters n ON n.user_id = ${user.user_id} AND n.account_id = a.id`;

function scopesOf(accounts: AccountRow[], { account_id, folder }: InboxQuery): Scope[] {
  if (folder !== undefined && folder !== "all") return accounts.map((account) => scopeOf(account, folder));
  const companies = Map.groupBy(accounts, ({ company_id }) => company_id);
  return [...companies].flatMap(([company, members]): Scope[] => {
    const scopes = members.map((account) => scopeOf(account, "shown"));
    const isPlain = account_id === undefined && scopes.every(({ stretches }) => stretches.length === 0);
    const whole = { column: "company_id" as const, value: company, stretches: [] };
    const shown: Scope[] = isPlain ? [{ ...whole, part: "shown" }] : scopes;
    if (folder !== "all") return shown;
    const hidden = account_id === undefined ? [whole] : scopes;
    return [...shown, ...hidden.map((scope): Scope => ({ ...scope, part: "hidden", stretches: [] }))];
  });
}

/** What is hidden has no stretches. */
const scopeOf = ({ id, stretches }: AccountRow, part: "shown" | Folder): Scope => ({
  column: "account_id",
  value: id,
  part,
  stretches: part !== "shown" && isHidden(part) ? [] : parseStretches(stretches),
});

/** Entries as a table again. */
const fromJson = (entries: EntryState[]): SQL => sql`
  SELECT value ->> 'id' AS id, value ->> 'at' AS at, value ->> 'is_read' AS is_read,
    value ->> 'is_starred' AS is_starred, value ->> 'read_at' AS read_at
  FROM json_each(${JSON.stringify(entries)})`;

/** The entries with what an inbox shows of their messages. */
const withMessages = (ctx: UserCtx, entries: SQL): SQL => sql`
  SELECT page.*, m.account_id, m.thread_id, m.from_address, m.from_name, m.subject, m.snippet, m.direction, m.folder,
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
    folder: row.folder,
    has_attachments: row.has_attachments === 1,
    sent_at: toIso(row.at),
  },
  thread_subject: row.thread_subject,
  thread_message_count: row.thread_message_count,
  account_email,
});
