import { type SQL, sql } from "../platform/d1/sql.ts";
import type { Ctx } from "./context.ts";
import type { Found, Page } from "./lists.ts";

/** The total of a longer list is told as this. Each row counted is a row read. */
const MOST_COUNTED = 10_000;

/** A query of a list in its parts: `FROM … WHERE …` is read once for the rows and once for the total. */
export interface List<Row extends object> {
  columns: SQL<Row>;
  from: SQL;
  order: SQL;
}

/**
 * Finds a part of a list of one's own, in one round trip.
 * @returns the rows, and the total: of a bare array only whether there are more
 */
export async function findList<Row extends object>(
  { db }: Ctx,
  { limit, offset, isPaged }: Page,
  { columns, from, order }: List<Row>,
): Promise<Found<Row>> {
  const [rows, [count]] = await db.batch([
    sql<Row>`SELECT ${columns} ${from} ORDER BY ${order} LIMIT ${limit + 1} OFFSET ${offset}`,
    sql<{ total: number }>`
      SELECT count(*) AS total FROM (SELECT 1 ${from} LIMIT ${isPaged ? MOST_COUNTED : 0})`,
  ]);
  return { items: rows.slice(0, limit), total: isPaged ? (count?.total ?? 0) : rows.length };
}
