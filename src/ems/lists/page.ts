import { type SQL, sql } from "drizzle-orm/sql";
import { invalid } from "../../lib/errors.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { newestEvent } from "../events/log.ts";
import { formatPosition, positionAt } from "../events/position.ts";
import { type FolderFilter, HIDDEN_FOLDERS } from "../folders.ts";
import { cutPage, isPastEnd, type Page, type RowKey, rowsFor, type Slice, sliceOf } from "./pagination.ts";

export interface Listing<Row extends RowKey> {
  rows: Row[];
  total: number;
  next_cursor: string | null;
  /** The position of the event log when the list was read. Later events tell what has changed since. */
  readAt: string;
}

/**
 * The position that a list of the caller's was read at.
 * @param rows of `newestEvent`
 */
export function readAtOf({ db, user }: UserCtx, rows: { newest: number }[]): string {
  const newestOf = (company: number) => db.rowOf(company, rows)?.newest ?? 0;
  return formatPosition(positionAt(user.companies, newestOf));
}

/** The total of a count, from the rows of all parts of the database. */
export const totalOf = (rows: { total: number }[]): number => rows.reduce((sum, { total }) => sum + total, 0);

/** The order of accounts. It is made here: rows of several parts of the database follow one another. */
export const byAddress = (a: { email_address: string }, b: { email_address: string }): number =>
  a.email_address === b.email_address ? 0 : a.email_address < b.email_address ? -1 : 1;

/** Compares two columns with a position, as a row value: an index on both serves it as a range. */
export const compare = (at: string, id: string, operator: "<" | "<=" | ">" | ">=", place: RowKey): SQL =>
  sql`(${sql.raw(at)}, ${sql.raw(id)}) ${sql.raw(operator)} (${place.at}, ${place.id})`;

/** The condition for rows after a cursor in a list that is newest first: `AND …`, or nothing without a cursor. */
export const after = (at: string, id: string, cursor: RowKey | undefined): SQL =>
  cursor ? sql`AND ${compare(at, id, "<", cursor)}` : sql``;

/** A table or join that a list is read from, with the names of the columns that conditions use. */
interface Source<Row> {
  table: string;
  /** The column that the list is ordered by. */
  at: string;
  id: string;
  /** The columns of a row: `id`, `at` and more. */
  columns: SQL<Row>;
  account: string;
  company: string;
  folder: string;
}

/** A list of what the mailboxes hold. */
export interface ListTable<Row> {
  table: "ems_messages" | "ems_threads" | "ems_drafts";
  at: string;
  columns: SQL<Row>;
  /** The counter column: in ems_accounts, and for the list of one folder in ems_folder_counters. */
  counter: "message_count" | "thread_count" | "draft_count";
  /** The column of ems_accounts that counts hidden rows. Undefined for a table without them. */
  hidden?: "hidden_message_count" | "hidden_thread_count";
  /** The source of the list of one folder, where it is another. */
  ofFolder?: Source<Row>;
}

const isFolder = (folder: FolderFilter): boolean => folder !== undefined && folder !== "all";

/** D1 allows five terms in a compound SELECT, so companies are queried in groups of five. */
const TERMS = 5;

/** Groups the parts of a list: each group becomes one statement. */
export const inStatements = <Part>(parts: Part[]): Part[][] =>
  Array.from({ length: Math.ceil(parts.length / TERMS) }, (_, nth) =>
    parts.slice(nth * TERMS, (nth + 1) * TERMS),
  );

/** Merges lists that are each newest first. Their rows have `id`, `at` and more columns. */
export const mergeNewest = <Row>(parts: SQL<Row>[], limit: number, offset: number): SQL<Row> => sql`
  ${sql.join(parts, sql` UNION ALL `)} ORDER BY at DESC, id DESC LIMIT ${limit} OFFSET ${offset}`;

/** Limits the rows in memory: for a page by number each list gives all its rows up to the end of the page. */
const MAX_MERGED = 100_000;

/** How a page is read: the slice to cut from the merged lists, and the OFFSET of each statement. */
interface Reading {
  merged: Slice;
  offset: number;
}

/**
 * A single list skips the rows before the page by OFFSET. Several lists cannot, as each may hold any of those rows.
 * A statement gives one list for each part of the database.
 * @throws ServiceError `invalid` for a page by number that is too deep for so many lists
 */
export function readingOf({ db }: UserCtx, query: Page, statements: number): Reading {
  const slice = sliceOf(query);
  const lists = statements * db.parts;
  if (lists === 1) return { merged: { ...slice, first: 0 }, offset: slice.first };
  if (slice.first > 0 && lists * rowsFor(slice) > MAX_MERGED) {
    const last = Math.floor((MAX_MERGED / lists - 1) / slice.size);
    throw invalid(
      `page: over so many companies only the first ${last} can be had by number; go on by cursor`,
    );
  }
  return { merged: slice, offset: 0 };
}

interface ListQuery extends Page {
  account_id?: string | undefined;
  /** Only for messages. */
  thread_id?: string | undefined;
  folder?: FolderFilter;
}

/** Whether a list is of one account or few companies, so that one statement gives all of it, in order. */
export const isOneStatement = (
  { user, db }: UserCtx,
  { account_id, thread_id, folder }: ListQuery,
): boolean =>
  db.parts === 1 &&
  (account_id !== undefined ||
    thread_id !== undefined ||
    (!isFolder(folder) && user.companies.length * (folder === "all" ? 2 : 1) <= TERMS));

/**
 * Reads one page of a list, newest first: of one account, or of all companies of the caller. Each company is a term of
 * a compound SELECT, since for `company_id IN (…) ORDER BY` SQLite reads and sorts every row of every company. For one
 * folder each account is a term. A deep page reads all rows before it; a page by cursor does not.
 * @param beside selects more about the page whose ids it is given, in the same round trip
 * @throws ServiceError `invalid` for a page by number that is too deep over so many companies
 */
export async function listPage<Row extends RowKey, Beside = never>(
  ctx: UserCtx,
  query: ListQuery,
  list: ListTable<Row>,
  beside?: (ids: SQL) => SQL<Beside>,
): Promise<Listing<Row> & { beside: Beside[] }> {
  const scopes = await scopesOf(ctx, query, list);
  const counted = query.thread_id ? countThread(scopes) : selectTotal(ctx, query, list);
  // Only a later page can be past the end, so only then the total is read before the page, in its own round trip.
  const first = sliceOf(query).first === 0 ? selectPage(ctx, query, list, scopes, beside) : null;
  const { lists = [], more = [] } = first ?? {};
  const [newest, totals, ...found] = await batch(ctx, [newestEvent, counted, lists, more]);
  const total = totalOf(totals);
  const listing = { total, readAt: readAtOf(ctx, newest) };
  if (isPastEnd(query, total)) return { ...listing, rows: [], next_cursor: null, beside: [] };
  const page = first ?? selectPage(ctx, query, list, scopes, beside);
  const [rows, besides] = first ? found : await batch(ctx, [page.lists, page.more]);
  return { ...listing, ...cutPage(rows, page.merged), beside: besides.flat() };
}

type Counters = Pick<ListTable<unknown>, "counter" | "hidden">;

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

/** Counts the messages of a thread. There is no counter for it. */
const countThread = (scopes: SQL[]): SQL<{ total: number }> => sql`
  SELECT count(*) AS total FROM (
    ${sql.join(
      scopes.map((scope) => sql`SELECT 1 FROM ems_messages WHERE ${scope}`),
      sql` UNION ALL `,
    )})`;

const sourceOf = <Row>(
  { table, at, columns, ofFolder }: ListTable<Row>,
  folder: FolderFilter,
): Source<Row> =>
  isFolder(folder) && ofFolder
    ? ofFolder
    : { table, at, id: "id", columns, account: "account_id", company: "company_id", folder: "folder" };

/** The conditions of the lists to merge. For each there is an index in the order of the list. */
async function scopesOf(ctx: UserCtx, query: ListQuery, list: ListTable<unknown>): Promise<SQL[]> {
  const { account_id, thread_id, folder } = query;
  if (thread_id)
    return whereIn(folder).map((part) => sql`${ofThread(ctx, thread_id, account_id)} AND ${part}`);
  const source = sourceOf(list, folder);
  const [account, company] = [sql.raw(source.account), sql.raw(source.company)];
  // The unary plus keeps SQLite from the company's index: the account's is narrower.
  const ofAccount = (id: string) => sql`${account} = ${id} AND +${company} ${inCompanies(ctx)}`;
  if (isFolder(folder)) {
    const ids = account_id ? [account_id] : await accountsOf(ctx);
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

/** The conditions for a thread's messages. Each names `hidden`, which its index has before the order. */
export function whereIn(folder: FolderFilter): SQL[] {
  if (folder === undefined) return [sql`hidden = 0`];
  if (folder === "all") return [sql`hidden = 0`, sql`hidden = 1`];
  return [sql`hidden = ${sql.raw(HIDDEN_FOLDERS.includes(folder) ? "1" : "0")} AND folder = ${folder}`];
}

async function accountsOf(ctx: UserCtx): Promise<string[]> {
  const mine = sql<{ id: string }>`SELECT id FROM ems_accounts a WHERE a.company_id ${inCompanies(ctx)}`;
  return (await ctx.db.all(mine)).map(({ id }) => id);
}

function selectPage<Row, Beside>(
  ctx: UserCtx,
  query: ListQuery,
  list: ListTable<Row>,
  scopes: SQL[],
  beside: ((ids: SQL) => SQL<Beside>) | undefined,
): { lists: SQL<Row>[]; more: SQL<Beside>[]; merged: Slice } {
  const { cursor, size } = query;
  const { table, at, id, columns } = sourceOf(list, query.folder);
  const groups = inStatements(scopes);
  const { merged, offset } = readingOf(ctx, query, groups.length);
  const select = <Selected>(group: SQL[], selected: SQL<Selected>, limit: number) => {
    const terms = group.map(
      (scope) =>
        sql<Selected>`SELECT ${selected} FROM ${sql.raw(table)} WHERE ${scope} ${after(at, id, cursor)}`,
    );
    return mergeNewest(terms, limit, offset);
  };
  const lists = groups.map((group) => select(group, columns, rowsFor(merged)));
  const more = beside
    ? groups.map((group) => beside(select(group, sql`${sql.raw(id)} AS id, ${sql.raw(at)} AS at`, size)))
    : [];
  return { lists, more, merged };
}
