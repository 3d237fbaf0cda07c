import { notFound } from "../../lib/errors.ts";
import { entryIdOf, messageIdOf } from "../../lib/ids.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { newestEvent } from "../events/log.ts";
import { type Counters, countOf, type Filter, SHOWN, selectCounters, UNREAD } from "../items/counts.ts";
import type { InboxItemResponse } from "../items/responses.ts";
import { type ItemMessageRow, MESSAGE_COLUMNS, toItem } from "../items/rows.ts";
import { Guesses } from "../lists/guesses.ts";
import { mergeParts, ofEachPart } from "../lists/merge.ts";
import { byAddress, readAtOf, totalOf } from "../lists/page.ts";
import { cutPage, isPastEnd, rowsFor, type Slice } from "../lists/pagination.ts";
import { planPage } from "../lists/plan.ts";
import type { accounts } from "../schema/mail.ts";
import { applyBacklog, countBacklog } from "./backlog.ts";
import { selectRanges } from "./dense-ranges.ts";
import { type EntryState, groupScopes, type Scope, selectEntries, selectThread } from "./entries.ts";
import type { InboxListResponse, UnreadCountsResponse } from "./responses.ts";
import type { InboxQuery } from "./schemas.ts";
import { guessScopes, scopesOf, scopesOfThread } from "./scopes.ts";

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
  const { page, size, thread_id, is_read, is_starred, is_archived = false } = query;
  const filter = { is_read, is_starred, is_archived };
  const { rows, total, next_cursor, readAt } = await mergeParts(ctx, query, async (part, partQuery) => {
    const { found, accounts, newest, ...read } = thread_id
      ? await readThreadEntries(part, { ...partQuery, thread_id }, filter)
      : await readEntries(part, partQuery, filter);
    const emails = new Map(accounts.map(({ id, email_address }) => [id, email_address]));
    const ofAccounts = found.rows.map((row) => ({ ...row, account_email: emails.get(row.account_id) ?? "" }));
    return { ...read, ...found, rows: ofAccounts, readAt: readAtOf(part, newest) };
  });
  const items = rows.map((row) => toItem(entryIdOf(ctx.user.user_id, row.id), row, row.account_email));
  return { list: { items, total, page, size, next_cursor }, readAt };
}

interface Read {
  found: Found;
  accounts: AccountRow[];
  total: number;
  newest: { newest: number }[];
}

/** The callers' accounts, and the totals of their lists, at the last read: see lists/guesses.ts. */
const accountGuesses = new Guesses();
const totalGuesses = new Guesses();

/** Reads a page with the accounts that it depends on: in one round trip if they are as guessed, else in two. */
async function readEntries(ctx: UserCtx, query: InboxQuery, filter: Filter): Promise<Read> {
  const { account_id, folder, cursor } = query;
  const { user_id, companies } = ctx.user;
  const key = JSON.stringify([ctx.db.name, user_id, companies]);
  const listKey = JSON.stringify([key, account_id, folder, ...Object.values(filter)]);
  const lastTotal = Number(totalGuesses.get(listKey) ?? 0);
  const guess = guessScopes(ctx, query, filter, accountGuesses.get(key), lastTotal);
  const guessed = guess && planPageOf(ctx, query, filter, guess, true);
  const [newest, rows, ...lists] = await batch(ctx, [
    newestEvent,
    selectAccounts(ctx, query),
    guessed?.entries ?? [],
    guessed?.items ?? [],
  ]);
  const accounts = await applyBacklog(ctx, rows);
  const scopes = scopesOf(accounts, query, filter);
  const total = accounts.reduce((sum, account) => sum + countOf(account, filter, folder), 0);
  totalGuesses.set(listKey, `${total}`);
  if (!cursor && !account_id) {
    accountGuesses.set(
      key,
      JSON.stringify(accounts.map(({ id, company_id, ranges }) => ({ id, company_id, ranges }))),
    );
  }
  // After a backlog was applied, the rows of the first round trip are too old.
  const isRight = accounts === rows && JSON.stringify(scopes) === JSON.stringify(guess);
  if (isPastEnd(query, total)) return { found: NOTHING, accounts, total, newest };
  const found =
    guessed && isRight
      ? await mergePage(ctx, guessed, lists)
      : await readPage(ctx, planPageOf(ctx, query, filter, scopes));
  return { found, accounts, total, newest };
}

/** Reads a page of a thread. Its messages are few, so their entries are found and counted without an index. */
async function readThreadEntries(
  ctx: UserCtx,
  query: InboxQuery & { thread_id: string },
  filter: Filter,
): Promise<Read> {
  const scopes = scopesOfThread(query);
  const plan = planPageOf(ctx, query, filter, scopes);
  const [newest, accounts, counted, ...lists] = await batch(ctx, [
    newestEvent,
    selectAccounts(ctx, query),
    countThread(ctx, scopes, filter),
    plan.entries,
    plan.items,
  ]);
  return { found: await mergePage(ctx, plan, lists), accounts, total: totalOf(counted), newest };
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

/** A page: one statement with the message columns, or several of entries, whose messages are read after the merge. */
interface PagePlan {
  entries: SQL<EntryState>[];
  items: SQL<ItemRow>[];
  merged: Slice;
}

function planPageOf(
  ctx: UserCtx,
  query: InboxQuery,
  filter: Filter,
  scopes: Scope[],
  isGuess = false,
): PagePlan {
  const groups = groupScopes(scopes, filter);
  const { merged, offset } = planPage(query, groups.length);
  const entries = groups.map((group) => {
    const limit = rowsFor(merged);
    return selectEntries(ctx.user.user_id, group, { filter, cursor: query.cursor, offset, limit, isGuess });
  });
  return entries.length === 1
    ? { entries: [], items: entries.map((only) => withMessages(ctx, only)), merged }
    : { entries, items: [], merged };
}

const readPage = async (ctx: UserCtx, plan: PagePlan): Promise<Found> =>
  mergePage(ctx, plan, await batch(ctx, [plan.entries, plan.items]));

/** @param lists the results of the plan's statements */
async function mergePage(
  ctx: UserCtx,
  { items, merged }: PagePlan,
  [entryLists, itemLists]: [EntryState[][], ItemRow[][]],
): Promise<Found> {
  if (items.length > 0) return cutPage(itemLists, merged);
  const { rows: entries, next_cursor } = cutPage(entryLists, merged);
  if (entries.length === 0) return NOTHING;
  const rows = await batch(ctx, [withMessages(ctx, fromJson(entries))]);
  return { ...cutPage(rows, { ...merged, first: 0 }), next_cursor };
}

/** Counts the matching messages of a thread by reading them. */
function countThread(ctx: UserCtx, scopes: Scope[], filter: Filter): SQL<{ total: number }> {
  const threads = scopes.map((scope) => selectThread(ctx.user.user_id, scope, filter));
  return sql`
    SELECT count(*) AS total FROM (${sql.join(threads, sql` UNION ALL `)}) page
    CROSS JOIN ems_messages m ON m.id = page.id WHERE +m.company_id ${inCompanies(ctx)}`;
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

const selectAccounts = (ctx: UserCtx, { account_id, cursor, folder }: InboxQuery): SQL<AccountRow> => sql`
    SELECT a.id, a.company_id, a.email_address, ${selectCounters(folder)}, ${countBacklog} AS late,
      ${selectRanges(ctx.user.user_id, sql`a.id`, cursor)} AS ranges
    FROM ${ownAccounts(ctx)} ${account_id ? sql`WHERE a.id = ${account_id}` : sql``}`;

/** The accounts `a` of the caller's companies, with the caller's counters `n`. `IN` would read more rows. */
const ownAccounts = ({ user }: UserCtx): SQL => sql`
  json_each(${JSON.stringify(user.companies)}) j CROSS JOIN ems_accounts a ON a.company_id = j.value
  LEFT JOIN ems_inbox_counters n ON n.user_id = ${user.user_id} AND n.account_id = a.id`;

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
