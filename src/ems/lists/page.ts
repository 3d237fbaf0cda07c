import { type SQL, sql } from "drizzle-orm/sql";
import { invalid } from "../../lib/errors.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { newestEvent } from "../events/log.ts";
import { formatPosition, positionAt } from "../events/position.ts";
import { type FolderFilter, HIDDEN_FOLDERS } from "../folders.ts";
import { cutPage, isPastEnd, type Page, type Position, rowsFor, type Slice, sliceOf } from "./pagination.ts";

export interface Listing<Row extends Position> {
  rows: Row[];
  total: number;
  next_cursor: string | null;
  /** Where the log stood: events from there on tell what has changed since. */
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

/** Columns against a position. The first comparison alone says what an index range can use. */
export const compare = (at: string, id: string, operator: "<" | "<=" | ">" | ">=", place: Position): SQL =>
  sql`(${sql.raw(at)}, ${sql.raw(id)}) ${sql.raw(operator)} (${place.at}, ${place.id})`;

/** What is left of a list that is newest first: `AND …`, or nothing at its beginning. */
export const after = (at: string, id: string, cursor: Position | undefined): SQL =>
  cursor ? sql`AND ${compare(at, id, "<", cursor)}` : sql``;

/** Where a list is read from, with the names of the columns that it is cut by. */
interface Source<Row> {
  table: string;
  /** The column that it is ordered by. */
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
  /** The column of ems_accounts that counts the list's rows, and for a folder's that of ems_folder_counters. */
  counter: "message_count" | "thread_count" | "draft_count";
  /** The same for rows that the list leaves out: their column `hidden` says so. Undefined where there are none. */
  hidden?: "hidden_message_count" | "hidden_thread_count";
  /** From where a list of one folder is read, if from elsewhere. */
  ofFolder?: Source<Row>;
}

const isFolder = (folder: FolderFilter): boolean => folder !== undefined && folder !== "all";

/** D1 allows five terms in a compound SELECT, so companies are queried in groups of five. */
const TERMS = 5;

/** Parts of a list that are one statement together. */
export const inStatements = <Part>(parts: Part[]): Part[][] =>
  Array.from({ length: Math.ceil(parts.length / TERMS) }, (_, nth) =>
    parts.slice(nth * TERMS, (nth + 1) * TERMS),
  );

/** Lists that are each newest first as one: rows of `id`, `at` and more. */
export const mergeNewest = <Row>(parts: SQL<Row>[], limit: number, offset: number): SQL<Row> => sql`
  ${sql.join(parts, sql` UNION ALL `)} ORDER BY at DESC, id DESC LIMIT ${limit} OFFSET ${offset}`;

/** Rows that a page of many companies may bring into memory: each list gives all that could be before the page. */
const MAX_MERGED = 100_000;

/** How a page is read: what to cut from the lists that the statements give, and the offset of each. */
interface Reading {
  merged: Slice;
  offset: number;
}

/**
 * One list skips the rows before the page by OFFSET. Several lists cannot: it is not known which of them has those
 * rows. A statement gives a list for each part of the database.
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
  /** Of messages only. */
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
 * Reads one page of a list, newest first, over all companies of the caller or one account, and of one folder account
 * by account. Several are terms of a compound each: `company_id IN (…) ORDER BY` would have SQLite read and sort every
 * row of every company. A deep page reads all rows before it; a cursor does not.
 * @param beside selects more about the page whose ids it is given, in the same round trip
 * @throws ServiceError `invalid` for a page by number that is too deep over so many companies
 */
export async function listPage<Row extends Position, Beside = never>(
  ctx: UserCtx,
  query: ListQuery,
  list: ListTable<Row>,
  beside?: (ids: SQL) => SQL<Beside>,
): Promise<Listing<Row> & { beside: Beside[] }> {
  const scopes = await scopesOf(ctx, query, list);
  const counted = query.thread_id ? countThread(scopes) : selectTotal(ctx, query, list);
  // Only a later page can be past the end, and only for such a one is the total worth a round trip of its own.
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

/** A thread is counted by looking at its messages. */
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

/** The conditions of the lists that make up what is asked for, each of which an index has in its order. */
async function scopesOf(ctx: UserCtx, query: ListQuery, list: ListTable<unknown>): Promise<SQL[]> {
  const { account_id, thread_id, folder } = query;
  if (thread_id)
    return whereIn(folder).map((part) => sql`${ofThread(ctx, thread_id, account_id)} AND ${part}`);
  const source = sourceOf(list, folder);
  const [account, company] = [sql.raw(source.account), sql.raw(source.company)];
  // The plus keeps SQLite on the account's index; the company is only checked.
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

/** Where to look for a thread's messages: by the index, which has the hidden ones apart. */
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
