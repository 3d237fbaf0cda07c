import { type SQL, sql } from "../../platform/d1/sql.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { newestEvent } from "../events/log.ts";
import { formatPosition, positionAt } from "../events/position.ts";
import { type FolderFilter, HIDDEN_FOLDERS } from "../folders.ts";
import { Guesses } from "./guesses.ts";
import { type ListedPage, mergeParts } from "./merge.ts";
import { cutPage, isPastEnd, type Page, type RowKey, rowsFor, type Slice, sliceOf } from "./pagination.ts";
import { planPage } from "./plan.ts";

/**
 * Formats the position of the event log at which a list was read.
 * @param rows the rows of `newestEvent`, one per part of the database
 */
export function readAtOf({ db, user }: UserCtx, rows: { newest: number }[]): string {
  const newestOf = (company: number) => db.rowOf(company, rows)?.newest ?? 0;
  return formatPosition(positionAt(user.companies, newestOf));
}

/** Adds up a count over all parts of the database. */
export const totalOf = (rows: { total: number }[]): number => rows.reduce((sum, { total }) => sum + total, 0);

/** Sorts accounts by address. SQL cannot: the rows of several parts of the database are only concatenated. */
export const byAddress = (a: { email_address: string }, b: { email_address: string }): number =>
  a.email_address === b.email_address ? 0 : a.email_address < b.email_address ? -1 : 1;

/** Compares two columns with a row key. A row value comparison lets SQLite use an index range. */
export const compare = (at: string, id: string, operator: "<" | "<=" | ">" | ">=", key: RowKey): SQL =>
  sql`(${sql.raw(at)}, ${sql.raw(id)}) ${sql.raw(operator)} (${key.at}, ${key.id})`;

/** The condition for rows after the cursor of a newest-first list: `AND …`, or nothing without a cursor. */
export const olderThan = (at: string, id: string, cursor: RowKey | undefined): SQL =>
  cursor ? sql`AND ${compare(at, id, "<", cursor)}` : sql``;

/** The table of a list, and the columns that order and filter it. */
interface Source<Row> {
  table: string;
  /** The column that orders the list, newest first. */
  at: string;
  id: string;
  /** The selected columns: `id`, `at` and more. */
  columns: SQL<Row>;
  account: string;
  company: string;
  folder: string;
}

/** A list of messages, threads or drafts: how to read and count it. */
export interface ListDefinition<Row> {
  table: "ems_messages" | "ems_threads" | "ems_drafts";
  at: string;
  columns: SQL<Row>;
  /** The counter of the list's rows, in ems_accounts; for one folder, in ems_folder_counters. */
  counter: "message_count" | "thread_count" | "draft_count";
  /** The counter of hidden rows, which the default list leaves out. Undefined for a table without `hidden`. */
  hidden?: "hidden_message_count" | "hidden_thread_count";
  /** The source of a list of one folder, if it differs. */
  ofFolder?: Source<Row>;
}

const isFolder = (folder: FolderFilter): folder is Exclude<FolderFilter, "all" | undefined> =>
  folder !== undefined && folder !== "all";

/** The accounts of companies. */
const accountGuesses = new Guesses();

/** D1 allows five terms in a compound SELECT, so companies are queried in groups of five. */
const TERMS = 5;

/**
 * Splits the parts of a list into groups of at most five terms, one statement each.
 * @param termsOf returns how many terms a part takes
 */
export function groupTerms<Part>(parts: Part[], termsOf: (part: Part) => number = () => 1): Part[][] {
  const groups: Part[][] = [];
  let free = 0;
  for (const part of parts) {
    const terms = termsOf(part);
    if (terms > free) {
      groups.push([]);
      free = TERMS;
    }
    groups.at(-1)?.push(part);
    free -= terms;
  }
  return groups;
}

/** Merges newest-first SELECTs into one statement. Each must select `id`, `at` and more. */
export const mergeNewest = <Row>(parts: SQL<Row>[], limit: number | SQL, offset: number): SQL<Row> => sql`
  ${sql.join(parts, sql` UNION ALL `)} ORDER BY at DESC, id DESC LIMIT ${limit} OFFSET ${offset}`;

/** The page and the filters of a list. A thread is for lists of messages only. */
interface ListQuery extends Page {
  account_id?: string | undefined;
  thread_id?: string | undefined;
  folder?: FolderFilter;
}

/**
 * True when a single statement returns the list in order: for one account, one thread or few companies. A folder is read
 * account by account: then it is the expectation.
 */
export function isOneStatement(ctx: UserCtx, { account_id, thread_id, folder }: ListQuery): boolean {
  if (ctx.db.parts > 1) return false;
  if (account_id !== undefined || thread_id !== undefined) return true;
  if (!isFolder(folder)) return ctx.user.companies.length * (folder === "all" ? 2 : 1) <= TERMS;
  const accounts = accountGuesses.get(guessKey(ctx));
  return accounts !== undefined && JSON.parse(accounts).length <= TERMS;
}

const guessKey = ({ db, user }: UserCtx): string => JSON.stringify([db.name, user.companies]);

/**
 * Reads one page of a list, newest first: one account, or all companies of the caller. A folder is read account by
 * account. Each company or account is a term of a compound SELECT: with `company_id IN (…) ORDER BY`, SQLite would
 * read and sort every row. A page by number reads all rows before it; a cursor does not.
 * @throws ServiceError invalid when the page number is too deep for this many companies
 */
export const listPage = <Row extends RowKey>(
  ctx: UserCtx,
  query: ListQuery,
  list: ListDefinition<Row>,
): Promise<ListedPage<Row>> =>
  mergeParts(ctx, query, (part, partQuery) => listPageBeside(part, partQuery, list));

/**
 * Reads one page of a list from one part of the database, and more data in the same round trip.
 * @param beside makes a statement from a SELECT of the page's ids
 * @throws ServiceError as `listPage`
 */
export async function listPageBeside<Row extends RowKey, Beside = never>(
  ctx: UserCtx,
  query: ListQuery,
  list: ListDefinition<Row>,
  beside?: (ids: SQL) => SQL<Beside>,
): Promise<ListedPage<Row> & { beside: Beside[] }> {
  const isByAccount = isFolder(query.folder) && !query.account_id && !query.thread_id;
  const key = guessKey(ctx);
  const guess = isByAccount ? accountGuesses.get(key) : "[]";
  const scopes = guess === undefined ? [] : scopesOf(ctx, query, list, JSON.parse(guess));
  const counted = query.thread_id ? countThread(scopes) : selectTotal(ctx, query, list);
  const guessed = guess === undefined ? null : guardedPage(query, list, scopes, counted, beside);
  const [newest, totals, [accounts = []], ...found] = await batch(ctx, [
    newestEvent,
    counted,
    isByAccount
      ? [sql<{ id: string }>`SELECT id FROM ems_accounts WHERE company_id ${inCompanies(ctx)}`]
      : [],
    guessed?.lists ?? [],
    guessed?.more ?? [],
  ]);
  const ids = JSON.stringify(accounts.map(({ id }) => id));
  if (isByAccount) accountGuesses.set(key, ids);
  const total = totalOf(totals);
  const listing = { total, readAt: readAtOf(ctx, newest) };
  if (isPastEnd(query, total)) return { ...listing, rows: [], next_cursor: null, beside: [] };
  const isRight = guessed !== null && ids === guess;
  const page = isRight
    ? guessed
    : selectPage(query, list, scopesOf(ctx, query, list, JSON.parse(ids)), beside);
  const [rows, besides] = isRight ? found : await batch(ctx, [page.lists, page.more]);
  return { ...listing, ...cutPage(rows, page.merged), beside: besides.flat() };
}

type Counters = Pick<ListDefinition<unknown>, "counter" | "hidden">;

function selectTotal(
  ctx: UserCtx,
  { account_id, folder }: ListQuery,
  { counter, hidden }: Counters,
): SQL<{ total: number }> {
  const mine = sql`a.company_id ${inCompanies(ctx)} ${account_id ? sql`AND a.id = ${account_id}` : sql``}`;
  if (isFolder(folder)) {
    return sql`
      SELECT coalesce(sum(c.${sql.raw(counter)}), 0) AS total FROM ems_accounts a
      CROSS JOIN ems_folder_counters c ON c.account_id = a.id AND c.folder = ${folder} WHERE ${mine}`;
  }
  const counted = folder === "all" && hidden ? `${counter} + ${hidden}` : counter;
  return sql`SELECT coalesce(sum(${sql.raw(counted)}), 0) AS total FROM ems_accounts a WHERE ${mine}`;
}

/** Counts the messages of a thread by reading them. */
const countThread = (scopes: SQL[]): SQL<{ total: number }> => sql`
  SELECT count(*) AS total FROM (
    ${sql.join(
      scopes.map((scope) => sql`SELECT 1 FROM ems_messages WHERE ${scope}`),
      sql` UNION ALL `,
    )})`;

const sourceOf = <Row>(
  { table, at, columns, ofFolder }: ListDefinition<Row>,
  folder: FolderFilter,
): Source<Row> =>
  isFolder(folder) && ofFolder
    ? ofFolder
    : { table, at, id: "id", columns, account: "account_id", company: "company_id", folder: "folder" };

/**
 * The conditions of the lists to merge. For each, an index has the rows in list order.
 * @param accounts the ids of the caller's accounts, for a folder of all of them
 */
function scopesOf(ctx: UserCtx, query: ListQuery, list: ListDefinition<unknown>, accounts: string[]): SQL[] {
  const { account_id, thread_id, folder } = query;
  if (thread_id)
    return folderConditions(folder).map((part) => sql`${ofThread(ctx, thread_id, account_id)} AND ${part}`);
  const source = sourceOf(list, folder);
  const [account, company] = [sql.raw(source.account), sql.raw(source.company)];
  // The plus keeps SQLite on the account's index; the company is only checked.
  const ofAccount = (id: string) => sql`${account} = ${id} AND +${company} ${inCompanies(ctx)}`;
  if (isFolder(folder)) {
    const ids = account_id ? [account_id] : accounts;
    return ids.map((id) => sql`${ofAccount(id)} AND ${sql.raw(source.folder)} = ${folder}`);
  }
  const scopes = account_id
    ? [ofAccount(account_id)]
    : ctx.user.companies.map((id) => sql`company_id = ${id}`);
  if (!list.hidden) return scopes;
  const parts = folder === "all" ? [0, 1] : [0];
  return scopes.flatMap((scope) => parts.map((part) => sql`${scope} AND hidden = ${sql.raw(`${part}`)}`));
}

const ofThread = (ctx: UserCtx, id: string, accountId: string | undefined): SQL => sql`
  thread_id = ${id} AND +company_id ${inCompanies(ctx)} ${accountId ? sql`AND +account_id = ${accountId}` : sql``}`;

/** The conditions for a thread's messages in a folder, one per SELECT. The index has hidden messages separately. */
export function folderConditions(folder: FolderFilter): SQL[] {
  if (folder === undefined) return [sql`hidden = 0`];
  if (folder === "all") return [sql`hidden = 0`, sql`hidden = 1`];
  return [sql`hidden = ${sql.raw(HIDDEN_FOLDERS.includes(folder) ? "1" : "0")} AND folder = ${folder}`];
}

interface PageStatements<Row, Beside> {
  lists: SQL<Row>[];
  more: SQL<Beside>[];
  merged: Slice;
}

/**
 * The statements of a page that comes with the total. Only a later page can be past the end: it reads nothing if it is.
 * @returns null for a later page over several lists, which waits for the total
 */
function guardedPage<Row, Beside>(
  query: ListQuery,
  list: ListDefinition<Row>,
  scopes: SQL[],
  counted: SQL<{ total: number }>,
  beside: ((ids: SQL) => SQL<Beside>) | undefined,
): PageStatements<Row, Beside> | null {
  const { first } = sliceOf(query);
  if (first === 0) return selectPage(query, list, scopes, beside);
  if (groupTerms(scopes).length > 1) return null;
  const guard = (limit: number) => sql`iif((${counted}) > ${first}, ${limit}, 0)`;
  return selectPage(query, list, scopes, beside, guard);
}

function selectPage<Row, Beside>(
  query: ListQuery,
  list: ListDefinition<Row>,
  scopes: SQL[],
  beside: ((ids: SQL) => SQL<Beside>) | undefined,
  guard: (limit: number) => SQL | number = (limit) => limit,
): PageStatements<Row, Beside> {
  const { cursor, size } = query;
  const { table, at, id, columns } = sourceOf(list, query.folder);
  const groups = groupTerms(scopes);
  const { merged, offset } = planPage(query, groups.length);
  const select = <Selected>(group: SQL[], selected: SQL<Selected>, limit: number) => {
    const terms = group.map(
      (scope) =>
        sql<Selected>`SELECT ${selected} FROM ${sql.raw(table)} WHERE ${scope} ${olderThan(at, id, cursor)}`,
    );
    return mergeNewest(terms, guard(limit), offset);
  };
  const lists = groups.map((group) => select(group, columns, rowsFor(merged)));
  const more = beside
    ? groups.map((group) => beside(select(group, sql`${sql.raw(id)} AS id, ${sql.raw(at)} AS at`, size)))
    : [];
  return { lists, more, merged };
}
