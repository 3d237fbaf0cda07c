import { type SQL, sql } from "drizzle-orm";
import { cutPage, isPastEnd, type Page, type Position, rowsFor, sliceOf } from "../lib/pagination.ts";
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
  columns: string;
  /** The column of ems_accounts that counts the list's rows. */
  counter: "message_count" | "thread_count" | "draft_count";
}

interface ListQuery extends Page {
  account_id?: string | undefined;
}

/** Whether a list is of one company or account, and so one statement. */
export const isOfOne = ({ user }: UserCtx, { account_id }: ListQuery): boolean =>
  account_id !== undefined || user.companies.length === 1;

/**
 * Reads one page of a list, newest first, over all companies of the caller or one account. Several companies
 * are a statement each, merged here: `company_id IN (…) ORDER BY` would have SQLite read and sort every row of
 * every company. A deep page reads all rows before it; a cursor does not.
 * @param beside of a list of one: selects more about the page whose ids it is given, in the same round trip
 */
export async function listPage<Row extends Position>(
  ctx: UserCtx,
  query: ListQuery,
  { table, at, columns, counter }: ListTable,
  beside?: (ids: SQL) => SQL,
): Promise<Listing<Row> & { beside: unknown[] }> {
  const { account_id, cursor } = query;
  const slice = sliceOf(query);
  // The plus keeps SQLite on the account's index; the company is only checked.
  const scopes = account_id
    ? [sql`account_id = ${account_id} AND +company_id ${inCompanies(ctx)}`]
    : ctx.user.companies.map((id) => sql`company_id = ${id}`);
  const rowsOf = (scope: SQL, selected: string, limit: SQL) => sql`
    SELECT ${sql.raw(selected)} FROM ${sql.raw(table)} WHERE ${scope} ${after(at, "id", cursor)}
    ORDER BY ${sql.raw(at)} DESC, id DESC LIMIT ${limit}`;
  const lists = () => [
    ...scopes.map((scope) => rowsOf(scope, columns, sql`${rowsFor(slice)}`)),
    ...(beside
      ? scopes.map((scope) => beside(rowsOf(scope, "id", sql`${slice.size} OFFSET ${slice.first}`)))
      : []),
  ];
  const sum = sql`
    SELECT coalesce(sum(${sql.raw(counter)}), 0) AS total FROM ems_accounts
    WHERE company_id ${inCompanies(ctx)} ${account_id ? sql`AND id = ${account_id}` : sql``}`;
  // Only a later page can be past the end, and only for such a one is the total worth a round trip of its own.
  const first = slice.first === 0 ? lists() : [];
  const [newest, totals, ...found] = await batch(ctx, [newestEvent, sum, ...first]);
  const total = totalOf(totals);
  if (slice.first > 0) found.push(...(isPastEnd(query, total) ? [] : await batch(ctx, lists())));
  const page = cutPage(found.slice(0, scopes.length) as Row[][], slice);
  return { ...page, total, readAt: readAtOf(ctx, newest), beside: found.slice(scopes.length).flat() };
}
