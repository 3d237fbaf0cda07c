import { type SQL, sql } from "drizzle-orm/sql";
import { after, compare } from "../lists/page.ts";
import type { Position } from "../lists/pagination.ts";

/** From one message of an account down to another, both included; the user has an entry row for each between them. */
export interface Stretch {
  newest: Position;
  oldest: Position;
}

export const isNewer = (a: Position, b: Position): boolean => a.at > b.at || (a.at === b.at && a.id > b.id);

/**
 * A JSON array of the user's stretches of account `a` that reach below the cursor, the newest first:
 * `[[at, id, at, id], …]`. Stretches do not overlap, so at most one of those that begin above it does.
 */
export function selectStretches(userId: number, cursor: Position | undefined, limit: number): SQL {
  const mine = sql`SELECT * FROM ems_inbox_stretches WHERE user_id = ${userId} AND account_id = a.id`;
  const begun = (place: Position) => sql`
    SELECT * FROM (${mine} AND ${compare("newest_at", "newest_id", ">=", place)} ORDER BY newest_at, newest_id LIMIT 1)
    WHERE ${compare("oldest_at", "oldest_id", "<", place)} UNION ALL`;
  return sql`(
    SELECT json_group_array(json_array(newest_at, newest_id, oldest_at, oldest_id)) FROM (
      ${cursor ? begun(cursor) : sql``} SELECT * FROM (
        ${mine} ${after("newest_at", "newest_id", cursor)} ORDER BY newest_at DESC, newest_id DESC LIMIT ${limit})
      LIMIT ${limit}))`;
}

export const parseStretches = (json: string): Stretch[] =>
  (JSON.parse(json) as [number, string, number, string][]).map(
    ([newestAt, newestId, oldestAt, oldestId]) => ({
      newest: { at: newestAt, id: newestId },
      oldest: { at: oldestAt, id: oldestId },
    }),
  );
