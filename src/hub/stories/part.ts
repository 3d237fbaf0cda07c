import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import type { Found, Page } from "../lists.ts";

/** How many rows past a page are counted: `count` is exact up to there, so that no page costs a whole long list. */
const COUNTED = 1000;

/** A list: what to select, from where with which condition, and in which order. */
export interface List<Row> {
  select: SQL<Row>;
  from: SQL;
  order: SQL;
}

/** Reads a part of a list. A bare array costs one row more than it has. */
export async function readPart<Row>(
  { db }: UserCtx,
  { limit, offset, isPaged }: Page,
  { select, from, order }: List<Row>,
): Promise<Found<Row>> {
  if (!isPaged) {
    const rows = await db.all(sql<Row>`SELECT ${select} FROM ${from} ORDER BY ${order} LIMIT ${limit + 1}`);
    return { items: rows.slice(0, limit), total: rows.length };
  }
  const [items, [counted]] = await db.batch([
    sql<Row>`SELECT ${select} FROM ${from} ORDER BY ${order} LIMIT ${limit} OFFSET ${offset}`,
    sql<{ total: number }>`
      SELECT count(*) AS total FROM (SELECT 1 FROM ${from} LIMIT ${offset + limit + COUNTED})`,
  ]);
  return { items, total: counted?.total ?? 0 };
}
