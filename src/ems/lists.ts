import { type SQL, sql } from "drizzle-orm";
import { badRequest } from "../lib/errors.ts";
import {
  cutPage,
  isPastEnd,
  type Page,
  type Position,
  rowsFor,
  type Slice,
  sliceOf,
} from "../lib/pagination.ts";
import { batch, inCompanies, type UserCtx } from "./context.ts";
import { newestEvent, rowOf } from "./events/log.ts";
import { formatPosition, positionAt } from "./events/position.ts";

export interface Listing<Row extends Position> {
  rows: Row[];
  total: number;
  next_cursor: string | null;
  /** Where the log stood: events from there on tell what has changed since. */
  readAt: string;
}

/** The position that a list of the caller's was read at, from the rows of `newestEvent`. */
export function readAtOf(ctx: UserCtx, rows: unknown[] | undefined): string {
  const newestOf = (company: number) => rowOf(ctx, rows as { newest: number }[], company)?.newest ?? 0;
  return formatPosition(positionAt(ctx.user.companies, newestOf));
}

/** The sum of the `total` that each database has given. */
export const totalOf = (rows: unknown[] | undefined): number =>
  (rows as { total: number }[]).reduce((sum, { total }) => sum + total, 0);

/** The order of accounts: made here, since several databases may have given them. Two companies may name one address. */
export const byAddress = (a: { email_address: string }, b: { email_address: string }): number =>
  a.email_address === b.email_address ? 0 : a.email_address < b.email_address ? -1 : 1;

/** Columns against a position. The first comparison alone says what an index range can use. */
export const compare = (at: string, id: string, operator: "<" | "<=" | ">" | ">=", place: Position): SQL =>
  sql`(${sql.raw(at)}, ${sql.raw(id)}) ${sql.raw(operator)} (${place.at}, ${place.id})`;

/** What is left of a list that is newest first: `AND …`, or nothing at its beginning. */
export const after = (at: string, id: string, cursor: Position | undefined): SQL =>
  cursor ? sql`AND ${compare(at, id, "<", cursor)}` : sql``;

/** A list of what the mailboxes hold. */
export interface ListTable {
  table: "ems_messages" | "ems_threads" | "ems_drafts";
  /** The column that it is ordered by. */
  at: string;
  /** What is wanted: `id`, `at` and more. */
  columns: SQL;
  /** The column of ems_accounts that counts the list's rows. */
  counter: "message_count" | "thread_count" | "draft_count";
}

/** SQLite takes five terms in a compound, and reads of each only what it merges: so many companies are a statement. */
const TERMS = 5;

/** Parts of a list that are one statement together. */
export const inStatements = <Part>(parts: Part[]): Part[][] =>
  Array.from({ length: Math.ceil(parts.length / TERMS) }, (_, nth) =>
    parts.slice(nth * TERMS, (nth + 1) * TERMS),
  );

/** Lists that are each newest first as one: rows of `id`, `at` and more. */
export const mergeNewest = (parts: SQL[], limit: number, offset: number): SQL => sql`
  ${sql.join(parts, sql` UNION ALL `)} ORDER BY at DESC, id DESC LIMIT ${limit} OFFSET ${offset}`;

/** Rows that a page of many companies may bring into memory: each list gives all that could be before the page. */
const MAX_MERGED = 100_000;

/** How a page is read: what to cut from the lists that the statements give, and the offset of each. */
interface Reading {
  merged: Slice;
  offset: number;
}

/**
 * One list skips the rows before the page itself; of several nobody knows which rows before it are theirs. A statement
 * gives a list in each database of the caller's.
 * @throws ApiError 400 for a page by number that is too deep for so many lists
 */
export function readingOf({ shards }: UserCtx, query: Page, statements: number): Reading {
  const slice = sliceOf(query);
  const lists = statements * shards.length;
  if (lists === 1) return { merged: { ...slice, first: 0 }, offset: slice.first };
  if (slice.first > 0 && lists * rowsFor(slice) > MAX_MERGED) {
    const last = Math.floor((MAX_MERGED / lists - 1) / slice.size);
    throw badRequest(
      `page: over so many companies only the first ${last} can be had by number; go on by cursor`,
    );
  }
  return { merged: slice, offset: 0 };
}

interface ListQuery extends Page {
  account_id?: string | undefined;
}

/** Whether a list is of one account or few companies, and so one statement in one database. */
export const isOneStatement = ({ user, shards }: UserCtx, { account_id }: ListQuery): boolean =>
  shards.length === 1 && (account_id !== undefined || user.companies.length <= TERMS);

/**
 * Reads one page of a list, newest first, over all companies of the caller or one account. Several companies are
 * terms of a compound each: `company_id IN (…) ORDER BY` would have SQLite read and sort every row of every company.
 * A deep page reads all rows before it; a cursor does not.
 * @param beside of one statement: selects more about the page whose ids it is given, in the same round trip
 * @throws ApiError 400 for a page by number that is too deep over so many companies
 */
export async function listPage<Row extends Position>(
  ctx: UserCtx,
  query: ListQuery,
  list: ListTable,
  beside?: (ids: SQL) => SQL,
): Promise<Listing<Row> & { beside: unknown[] }> {
  const counts = [newestEvent, selectTotal(ctx, query, list)];
  // Only a later page can be past the end, and only for such a one is the total worth a round trip of its own.
  const first = sliceOf(query).first === 0 ? selectPage(ctx, query, list, beside) : null;
  const [newest, totals, ...found] = await batch(ctx, [...counts, ...(first?.statements ?? [])]);
  const total = totalOf(totals);
  const listing = { total, readAt: readAtOf(ctx, newest) };
  if (isPastEnd(query, total)) return { ...listing, rows: [], next_cursor: null, beside: [] };
  const { statements, merged, lists } = first ?? selectPage(ctx, query, list, beside);
  if (!first) found.push(...(await batch(ctx, statements)));
  const cut = cutPage(found.slice(0, lists) as Row[][], merged);
  return { ...listing, ...cut, beside: found.slice(lists).flat() };
}

const selectTotal = (ctx: UserCtx, { account_id }: ListQuery, { counter }: ListTable): SQL => sql`
  SELECT coalesce(sum(${sql.raw(counter)}), 0) AS total FROM ems_accounts
  WHERE company_id ${inCompanies(ctx)} ${account_id ? sql`AND id = ${account_id}` : sql``}`;

function selectPage(
  ctx: UserCtx,
  query: ListQuery,
  { table, at, columns }: ListTable,
  beside: ((ids: SQL) => SQL) | undefined,
): { statements: SQL[]; merged: Slice; lists: number } {
  const { account_id, cursor, size } = query;
  // The plus keeps SQLite on the account's index; the company is only checked.
  const scopes = account_id
    ? [sql`account_id = ${account_id} AND +company_id ${inCompanies(ctx)}`]
    : ctx.user.companies.map((id) => sql`company_id = ${id}`);
  const groups = inStatements(scopes);
  const { merged, offset } = readingOf(ctx, query, groups.length);
  const select = (group: SQL[], selected: SQL, limit: number) => {
    const terms = group.map(
      (scope) => sql`SELECT ${selected} FROM ${sql.raw(table)} WHERE ${scope} ${after(at, "id", cursor)}`,
    );
    return mergeNewest(terms, limit, offset);
  };
  const lists = groups.map((group) => select(group, columns, rowsFor(merged)));
  const more = beside
    ? groups.map((group) => beside(select(group, sql`id, ${sql.raw(at)} AS at`, size)))
    : [];
  return { statements: [...lists, ...more], merged, lists: lists.length };
}
