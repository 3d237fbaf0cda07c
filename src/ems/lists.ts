import { type SQL, sql } from "drizzle-orm";
import { mergePage, type Page, type Position } from "../lib/pagination.ts";
import { batch, inCompanies, type UserCtx } from "./context.ts";

export interface Listing<Row extends Position> {
  rows: Row[];
  total: number;
}

/** The condition on the table with this alias that keeps a list to one company, or to one account. */
export type Scope = (alias: string) => SQL;

/**
 * Reads one page of a list, newest first, over all companies of the caller or one account. Several companies
 * are a statement each, merged here: `company_id IN (…) ORDER BY` would have SQLite read and sort every row of
 * every company. A deep page reads all rows before it.
 * @param select gives the first `limit` rows of a scope, newest first, as `id`, `at` and what else is wanted
 * @param counter the column of ems_accounts that counts the list's rows
 */
export async function listPage<Row extends Position>(
  ctx: UserCtx,
  { page, size, account_id }: Page & { account_id?: string | undefined },
  counter: "message_count" | "thread_count",
  select: (scope: Scope, limit: number) => SQL,
): Promise<Listing<Row>> {
  const scopes: Scope[] = account_id
    ? [accountScope(ctx, account_id)]
    : ctx.user.companies.map((id) => (alias) => sql`${column(alias, "company_id")} = ${id}`);
  const [totals, ...lists] = await batch(ctx, [
    sql`
      SELECT coalesce(sum(${sql.raw(counter)}), 0) AS total FROM ems_accounts
      WHERE company_id ${inCompanies(ctx)} ${account_id ? sql`AND id = ${account_id}` : sql``}`,
    ...scopes.map((scope) => select(scope, page * size)),
  ]);
  const rows = mergePage(lists as Row[][], { page, size });
  return { rows, total: (totals as { total: number }[])[0]?.total ?? 0 };
}

/** The plus keeps SQLite on the account's index; the company is only checked. */
const accountScope =
  (ctx: UserCtx, id: string): Scope =>
  (alias) =>
    sql`${column(alias, "account_id")} = ${id} AND +${column(alias, "company_id")} ${inCompanies(ctx)}`;

const column = (alias: string, name: string): SQL => sql.raw(`${alias}.${name}`);
