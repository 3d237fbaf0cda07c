import { type SQL, sql } from "drizzle-orm";
import { isPastEnd, mergePage, type Page, type Position } from "../lib/pagination.ts";
import { batch, inCompanies, type UserCtx } from "./context.ts";
import { newestEvent } from "./events/log.ts";
import { formatPosition, positionAt } from "./events/position.ts";

export interface Listing<Row extends Position> {
  rows: Row[];
  total: number;
  /** Where the log stood: events from there on tell what has changed since. */
  readAt: string;
}

/** The position that a list of the caller's was read at, from the rows of `newestEvent`. */
export const readAtOf = ({ user }: UserCtx, rows: unknown[] | undefined): string =>
  formatPosition(positionAt(user.companies, (rows as { newest: number }[])[0]?.newest ?? 0));

/**
 * Reads one page of a list, newest first, over all companies of the caller or one account. Several companies
 * are a statement each, merged here: `company_id IN (…) ORDER BY` would have SQLite read and sort every row of
 * every company. A deep page reads all rows before it.
 * @param select gives the first `limit` rows that meet a condition, newest first: `id`, `at` and what else is wanted
 * @param counter the column of ems_accounts that counts the list's rows
 */
export async function listPage<Row extends Position>(
  ctx: UserCtx,
  { page, size, account_id }: Page & { account_id?: string | undefined },
  counter: "message_count" | "thread_count",
  select: (condition: SQL, limit: number) => SQL,
): Promise<Listing<Row>> {
  // The plus keeps SQLite on the account's index; the company is only checked.
  const conditions = account_id
    ? [sql`account_id = ${account_id} AND +company_id ${inCompanies(ctx)}`]
    : ctx.user.companies.map((id) => sql`company_id = ${id}`);
  const sum = sql`
    SELECT coalesce(sum(${sql.raw(counter)}), 0) AS total FROM ems_accounts
    WHERE company_id ${inCompanies(ctx)} ${account_id ? sql`AND id = ${account_id}` : sql``}`;
  const lists = () => conditions.map((condition) => select(condition, page * size));
  // Only a later page can be past the end, and only for such a one is the total worth a round trip of its own.
  const first = page === 1 ? lists() : [];
  const [newest, totals, ...rows] = await batch(ctx, [newestEvent, sum, ...first]);
  const total = (totals as { total: number }[])[0]?.total ?? 0;
  if (page > 1) rows.push(...(isPastEnd({ page, size }, total) ? [] : await batch(ctx, lists())));
  return { rows: mergePage(rows as Row[][], { page, size }), total, readAt: readAtOf(ctx, newest) };
}
