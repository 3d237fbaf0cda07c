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

/**
 * Reads one page of a list, newest first, over all companies of the caller or one account. Several companies
 * are a statement each, merged here: `company_id IN (…) ORDER BY` would have SQLite read and sort every row of
 * every company. A deep page reads all rows before it; a cursor does not.
 */
export async function listPage<Row extends Position>(
  ctx: UserCtx,
  { account_id, ...query }: Page & { account_id?: string | undefined },
  { table, at, columns, counter }: ListTable,
): Promise<Listing<Row>> {
  const slice = sliceOf(query);
  // The plus keeps SQLite on the account's index; the company is only checked.
  const scopes = account_id
    ? [sql`account_id = ${account_id} AND +company_id ${inCompanies(ctx)}`]
    : ctx.user.companies.map((id) => sql`company_id = ${id}`);
  const lists = () =>
    scopes.map(
      (scope) => sql`
        SELECT ${sql.raw(columns)} FROM ${sql.raw(table)}
        WHERE ${scope} ${after(at, "id", query.cursor)}
        ORDER BY ${sql.raw(at)} DESC, id DESC LIMIT ${rowsFor(slice)}`,
    );
  const sum = sql`
    SELECT coalesce(sum(${sql.raw(counter)}), 0) AS total FROM ems_accounts
    WHERE company_id ${inCompanies(ctx)} ${account_id ? sql`AND id = ${account_id}` : sql``}`;
  // Only a later page can be past the end, and only for such a one is the total worth a round trip of its own.
  const first = slice.first === 0 ? lists() : [];
  const [newest, totals, ...found] = await batch(ctx, [newestEvent, sum, ...first]);
  const total = totalOf(totals);
  if (slice.first > 0) found.push(...(isPastEnd(query, total) ? [] : await batch(ctx, lists())));
  return { ...cutPage(found as Row[][], slice), total, readAt: readAtOf(ctx, newest) };
}
