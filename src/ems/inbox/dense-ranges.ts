// Dense ranges make the unread filter fast.
//
// A message without an entry row is unread. Absence cannot be indexed: ten unread messages behind 100,000 read ones
// could only be found by looking at each message. A dense range of an account is a run of messages in which the user
// has an entry row for every message. Inside it, an index finds the unread ones directly. With ranges over most of the
// account, those ten unread messages are found within 1,000 rows.
//
// Ranges grow as the user works. After a message is touched, densify.ts looks at the messages around it. If the user
// has touched at least half of them, the others get entry rows too. Together they become a range, or extend an adjacent
// one. So at most one row is added per touched message, and a touch costs the same at any mailbox size.
//
// A message can arrive late, with a date inside a range, and then has no entry row. A trigger records it in
// ems_late_messages: the backlog. backlog.ts adds the missing entry rows when the user next opens the inbox.
//
// The table of dense ranges is called ems_inbox_stretches.
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { compare, olderThan } from "../lists/page.ts";
import type { RowKey } from "../lists/pagination.ts";

/** From one message of an account down to another, both included. The user has an entry row for each of them. */
export interface DenseRange {
  newest: RowKey;
  oldest: RowKey;
}

/** Dense ranges per statement: D1 allows five terms in a compound SELECT, and two with the gaps around them are five. */
const MAX_RANGES = 2;

export const isNewer = (a: RowKey, b: RowKey): boolean => a.at > b.at || (a.at === b.at && a.id > b.id);

/**
 * An expression for the user's dense ranges in an account that reach below the cursor, newest first. Ranges do not
 * overlap, so at most one of them contains the cursor.
 * @param account an expression for its id
 * @returns SQL for JSON: `[[newest_at, newest_id, oldest_at, oldest_id], …]`
 */
export function selectRanges(userId: number, account: SQL, cursor: RowKey | undefined): SQL {
  const limit = sql.raw(`${MAX_RANGES}`);
  const mine = sql`SELECT * FROM ems_inbox_stretches WHERE user_id = ${userId} AND account_id = ${account}`;
  const containing = (key: RowKey) => sql`
    SELECT * FROM (${mine} AND ${compare("newest_at", "newest_id", ">=", key)} ORDER BY newest_at, newest_id LIMIT 1)
    WHERE ${compare("oldest_at", "oldest_id", "<", key)} UNION ALL`;
  return sql`(
    SELECT json_group_array(json_array(newest_at, newest_id, oldest_at, oldest_id)) FROM (
      ${cursor ? containing(cursor) : sql``} SELECT * FROM (
        ${mine} ${olderThan("newest_at", "newest_id", cursor)} ORDER BY newest_at DESC, newest_id DESC LIMIT ${limit})
      LIMIT ${limit}))`;
}

export const parseRanges = (json: string): DenseRange[] =>
  (JSON.parse(json) as [number, string, number, string][]).map(
    ([newestAt, newestId, oldestAt, oldestId]) => ({
      newest: { at: newestAt, id: newestId },
      oldest: { at: oldestAt, id: oldestId },
    }),
  );

/** The inverse of `parseRanges`. */
export const formatRanges = (ranges: DenseRange[]): string =>
  JSON.stringify(ranges.map(({ newest, oldest }) => [newest.at, newest.id, oldest.at, oldest.id]));
