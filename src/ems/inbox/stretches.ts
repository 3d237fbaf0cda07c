import { type SQL, sql } from "drizzle-orm";

/** A message's place in its account: by time, ties by id. */
export interface Key {
  at: number;
  id: string;
}

/** From one message down to another, both included; the user has an entry row for each between them. */
export interface Stretch {
  newest: Key;
  oldest: Key;
}

export const isNewer = (a: Key, b: Key): boolean => a.at > b.at || (a.at === b.at && a.id > b.id);

/** A JSON array of the user's stretches of account `a`, the newest first: `[[at, id, at, id], …]`. */
export const selectStretches = (userId: number, limit: number): SQL => sql`(
  SELECT json_group_array(json_array(newest_at, newest_id, oldest_at, oldest_id)) FROM (
    SELECT * FROM ems_inbox_stretches WHERE user_id = ${userId} AND account_id = a.id
    ORDER BY newest_at DESC, newest_id DESC LIMIT ${limit}))`;

export const parseStretches = (json: string): Stretch[] =>
  (JSON.parse(json) as [number, string, number, string][]).map(
    ([newestAt, newestId, oldestAt, oldestId]) => ({
      newest: { at: newestAt, id: newestId },
      oldest: { at: oldestAt, id: oldestId },
    }),
  );

/** Columns against a key. The first comparison alone says what an index range can use. */
export const compare = (at: string, id: string, operator: "<" | "<=" | ">" | ">=", key: Key): SQL =>
  sql`(${sql.raw(at)}, ${sql.raw(id)}) ${sql.raw(operator)} (${key.at}, ${key.id})`;
