import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { newestEvent } from "../events/log.ts";
import { type Counters, countOf, type Filter, selectCounters } from "../items/counts.ts";
import { Guesses } from "../lists/guesses.ts";
import { readAtOf, totalOf } from "../lists/page.ts";
import { cutPage, isPastEnd, rowsFor, type Slice } from "../lists/pagination.ts";
import { planPage } from "../lists/plan.ts";
import type { accounts } from "../schema/mail.ts";
import { applyBacklog, countBacklog } from "./backlog.ts";
import { selectRanges } from "./dense-ranges.ts";
import { type EntryState, groupScopes, type Scope, selectEntries, selectThread } from "./entries.ts";
import type { InboxQuery } from "./schemas.ts";
import { guessScopes, scopesOf, scopesOfThread } from "./scopes.ts";

interface AccountRow extends Pick<RowOf<typeof accounts>, "id" | "company_id" | "email_address">, Counters {
  late: number;
  ranges: string;
}

/** Joins entries with columns of their messages, of the caller's companies only. */
export type Join<Row extends EntryState> = (ctx: UserCtx, entries: SQL<EntryState>) => SQL<Row>;

/** A page of entries. */
interface Read<Row> {
  rows: Row[];
  next_cursor: string | null;
  accounts: AccountRow[];
  total: number;
  /** The position of the event log at the time of the read. */
  readAt: string;
}

/** The callers' accounts, and the totals of their lists, at the last read: see lists/guesses.ts. */
const accountGuesses = new Guesses();
const totalGuesses = new Guesses();

/** Reads a page with the accounts that it depends on: in one round trip if they are as guessed, else in two. */
export async function readEntries<Row extends EntryState>(
  ctx: UserCtx,
  query: InboxQuery,
  filter: Filter,
  join: Join<Row>,
): Promise<Read<Row>> {
  const { account_id, folder, cursor } = query;
  const { user_id, companies } = ctx.user;
  const key = JSON.stringify([ctx.db.name, user_id, companies]);
  const listKey = JSON.stringify([key, account_id, folder, ...Object.values(filter)]);
  const lastTotal = Number(totalGuesses.get(listKey) ?? 0);
  const guess = guessScopes(ctx, query, filter, accountGuesses.get(key), lastTotal);
  const guessed = guess && planPageOf(ctx, { query, filter, join }, guess, true);
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
  const listing = { accounts, total, readAt: readAtOf(ctx, newest) };
  if (isPastEnd(query, total)) return { ...NOTHING, ...listing };
  const found =
    guessed && isRight
      ? await mergePage(ctx, guessed, lists)
      : await readPage(ctx, planPageOf(ctx, { query, filter, join }, scopes));
  return { ...found, ...listing };
}

/** Reads a page of a thread. Its messages are few, so their entries are found and counted without an index. */
export async function readThreadEntries<Row extends EntryState>(
  ctx: UserCtx,
  query: InboxQuery & { thread_id: string },
  filter: Filter,
  join: Join<Row>,
): Promise<Read<Row>> {
  const scopes = scopesOfThread(query);
  const plan = planPageOf(ctx, { query, filter, join }, scopes);
  const [newest, accounts, counted, ...lists] = await batch(ctx, [
    newestEvent,
    selectAccounts(ctx, query),
    countThread(ctx, scopes, filter),
    plan.entries,
    plan.items,
  ]);
  const found = await mergePage(ctx, plan, lists);
  return { ...found, accounts, total: totalOf(counted), readAt: readAtOf(ctx, newest) };
}

const NOTHING = { rows: [], next_cursor: null };

/** A page: one statement with the message columns, or several of entries, whose messages are read after the merge. */
interface PagePlan<Row extends EntryState> {
  entries: SQL<EntryState>[];
  items: SQL<Row>[];
  merged: Slice;
  join: Join<Row>;
}

function planPageOf<Row extends EntryState>(
  ctx: UserCtx,
  { query, filter, join }: { query: InboxQuery; filter: Filter; join: Join<Row> },
  scopes: Scope[],
  isGuess = false,
): PagePlan<Row> {
  const groups = groupScopes(scopes, filter);
  const { merged, offset } = planPage(query, groups.length);
  const entries = groups.map((group) => {
    const limit = rowsFor(merged);
    return selectEntries(ctx.user.user_id, group, { filter, cursor: query.cursor, offset, limit, isGuess });
  });
  return entries.length === 1
    ? { entries: [], items: entries.map((only) => join(ctx, only)), merged, join }
    : { entries, items: [], merged, join };
}

const readPage = async <Row extends EntryState>(ctx: UserCtx, plan: PagePlan<Row>) =>
  mergePage(ctx, plan, await batch(ctx, [plan.entries, plan.items]));

/** @param lists the results of the plan's statements */
async function mergePage<Row extends EntryState>(
  ctx: UserCtx,
  { items, merged, join }: PagePlan<Row>,
  [entryLists, itemLists]: [EntryState[][], Row[][]],
): Promise<Pick<Read<Row>, "rows" | "next_cursor">> {
  if (items.length > 0) return cutPage(itemLists, merged);
  const { rows: entries, next_cursor } = cutPage(entryLists, merged);
  if (entries.length === 0) return NOTHING;
  const rows = await batch(ctx, [join(ctx, fromJson(entries))]);
  return { ...cutPage(rows, { ...merged, first: 0 }), next_cursor };
}

/** Counts the matching messages of a thread by reading them. */
function countThread(ctx: UserCtx, scopes: Scope[], filter: Filter): SQL<{ total: number }> {
  const threads = scopes.map((scope) => selectThread(ctx.user.user_id, scope, filter));
  return sql`
    SELECT count(*) AS total FROM (${sql.join(threads, sql` UNION ALL `)}) page
    CROSS JOIN ems_messages m ON m.id = page.id WHERE +m.company_id ${inCompanies(ctx)}`;
}

const selectAccounts = (ctx: UserCtx, { account_id, cursor, folder }: InboxQuery): SQL<AccountRow> => sql`
    SELECT a.id, a.company_id, a.email_address, ${selectCounters(folder)}, ${countBacklog} AS late,
      ${selectRanges(ctx.user.user_id, sql`a.id`, cursor)} AS ranges
    FROM ${ownAccounts(ctx)} ${account_id ? sql`WHERE a.id = ${account_id}` : sql``}`;

/** The accounts `a` of the caller's companies, with the caller's counters `n`. `IN` would read more rows. */
export const ownAccounts = ({ user }: UserCtx): SQL => sql`
  json_each(${JSON.stringify(user.companies)}) j CROSS JOIN ems_accounts a ON a.company_id = j.value
  LEFT JOIN ems_inbox_counters n ON n.user_id = ${user.user_id} AND n.account_id = a.id`;

/** Turns entries back into a table. */
const fromJson = (entries: EntryState[]): SQL<EntryState> => sql`
  SELECT value ->> 'id' AS id, value ->> 'at' AS at, value ->> 'is_read' AS is_read,
    value ->> 'is_starred' AS is_starred, value ->> 'is_archived' AS is_archived, value ->> 'read_at' AS read_at
  FROM json_each(${JSON.stringify(entries)})`;
