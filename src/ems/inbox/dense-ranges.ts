import { type SQL, sql } from "drizzle-orm/sql";
import { after, compare } from "../lists/page.ts";
import type { RowKey } from "../lists/pagination.ts";

/** From one message of an account down to another, both included; the user has an entry row for each between them. */
export interface DenseRange {
  newest: RowKey;
  oldest: RowKey;
}

export const isNewer = (a: RowKey, b: RowKey): boolean => a.at > b.at || (a.at === b.at && a.id > b.id);

/**
 * A JSON array of the user's stretches of account `a` that reach below the cursor, the newest first:
 * `[[at, id, at, id], …]`. Stretches do not overlap, so at most one of those that begin above it does.
 */
export function selectRanges(userId: number, cursor: RowKey | undefined, limit: number): SQL {
  const mine = sql`SELECT * FROM ems_inbox_stretches WHERE user_id = ${userId} AND account_id = a.id`;
  const begun = (place: RowKey) => sql`
    SELECT * FROM (${mine} AND ${compare("newest_at", "newest_id", ">=", place)} ORDER BY newest_at, newest_id LIMIT 1)
    WHERE ${compare("oldest_at", "oldest_id", "<", place)} UNION ALL`;
  return sql`(
    SELECT json_group_array(json_array(newest_at, newest_id, oldest_at, oldest_id)) FROM (
      ${cursor ? begun(cursor) : sql``} SELECT * FROM (
        ${mine} ${after("newest_at", "newest_id", cursor)} ORDER BY newest_at DESC, newest_id DESC LIMIT ${limit})
      LIMIT ${limit}))`;
}

export const parseRanges = (json: string): DenseRange[] =>
  (JSON.parse(json) as [number, string, number, string][]).map(
    ([newestAt, newestId, oldestAt, oldestId]) => ({
      newest: { at: newestAt, id: newestId },
      oldest: { at: oldestAt, id: oldestId },
    }),
  );
