import { type SQL, sql } from "drizzle-orm";
import { mergePage, type Page, type Position } from "../lib/pagination.ts";
import { batch, inCompanies, type UserCtx } from "./context.ts";

export interface Listing<Row extends Position> {
  rows: Row[];
  total: number;
}

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
  const [totals, ...lists] = await batch(ctx, [
    sql`
      SELECT coalesce(sum(${sql.raw(counter)}), 0) AS total FROM ems_accounts
      WHERE company_id ${inCompanies(ctx)} ${account_id ? sql`AND id = ${account_id}` : sql``}`,
    ...conditions.map((condition) => select(condition, page * size)),
  ]);
  const rows = mergePage(lists as Row[][], { page, size });
  return { rows, total: (totals as { total: number }[])[0]?.total ?? 0 };
}
