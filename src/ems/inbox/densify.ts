import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { batch, type Ctx } from "../context.ts";
import { compare } from "../lists/page.ts";
import type { RowKey } from "../lists/pagination.ts";
import type { inboxStretches } from "../schema/inbox.ts";
import { type DenseRange, formatRanges, isNewer } from "./dense-ranges.ts";

/** How many messages to look at on either side of the touched one. */
const REACH = 32;

interface Neighbour extends RowKey {
  touched: number;
}

type RangeRow = RowOf<typeof inboxStretches>;

/**
 * Extends the user's dense ranges around a message that they just touched, if they have touched at least half of the
 * messages there. Runs after the response: a failure costs speed only. See dense-ranges.ts.
 * @param key the message
 * @param reach how many messages to look at on either side
 * @returns the dense range around the message, or null
 */
export async function densify(
  ctx: Ctx,
  userId: number,
  accountId: string,
  key: RowKey,
  reach = REACH,
): Promise<DenseRange | null> {
  const ranges = sql`ems_inbox_stretches WHERE user_id = ${userId} AND account_id = ${accountId}`;
  const neighbours = (operator: "<" | ">", direction: SQL) => sql<Neighbour>`
    SELECT m.sent_at AS at, m.id, e.user_id IS NOT NULL AS touched
    FROM ems_messages m LEFT JOIN ems_inbox_entries e ON e.user_id = ${userId} AND e.message_id = m.id
    WHERE m.account_id = ${accountId} AND m.hidden = 0 AND ${compare("m.sent_at", "m.id", operator, key)}
    ORDER BY m.sent_at ${direction}, m.id ${direction} LIMIT ${reach}`;
  const [aboves, belows, newer, older] = await batch(ctx, [
    sql<RangeRow>`SELECT * FROM ${ranges} AND ${compare("newest_at", "newest_id", ">=", key)}
      ORDER BY newest_at, newest_id LIMIT 1`,
    sql<RangeRow>`SELECT * FROM ${ranges} AND ${compare("newest_at", "newest_id", "<", key)}
      ORDER BY newest_at DESC, newest_id DESC LIMIT 1`,
    neighbours(">", sql`ASC`),
    neighbours("<", sql`DESC`),
  ]);
  const above = toRange(aboves);
  const below = toRange(belows);
  if (above && !isNewer(above.oldest, key)) return above; // inside a range already
  const up = newer.filter((each) => !above || isNewer(above.oldest, each));
  const down = older.filter((each) => !below || isNewer(each, below.newest));
  const around = [...up, ...down];
  if (around.filter(({ touched }) => !touched).length > around.filter(({ touched }) => touched).length + 1)
    return null;

  return write(ctx, userId, accountId, {
    window: { newest: up.at(-1) ?? key, oldest: down.at(-1) ?? key },
    // The window touches this range: they become one.
    above: above && up.length < newer.length ? above : undefined,
    below: below && down.length < older.length ? below : undefined,
  });
}

async function write(
  ctx: Ctx,
  userId: number,
  accountId: string,
  {
    window,
    above,
    below,
  }: { window: DenseRange; above: DenseRange | undefined; below: DenseRange | undefined },
): Promise<DenseRange> {
  const newest = above?.newest ?? window.newest;
  const oldest = below?.oldest ?? window.oldest;
  // From edge to edge of the adjacent ranges: this includes a message that arrived after the read.
  const from = below?.newest ?? window.oldest;
  const to = above?.oldest ?? window.newest;
  const mine = sql`user_id = ${userId} AND account_id = ${accountId}`;
  const joined = [above, below].filter((range) => range !== undefined);
  // A concurrent touch may have changed the ranges since they were read.
  const isUnchanged = sql`
    (SELECT count(*) FROM ems_inbox_stretches WHERE ${mine}
      AND ${compare("newest_at", "newest_id", ">=", from)} AND ${compare("oldest_at", "oldest_id", "<=", to)}
    ) = ${joined.length}
    AND (SELECT count(*) FROM ems_inbox_stretches s JOIN json_each(${formatRanges(joined)}) j
      ON s.newest_at = j.value ->> 0 AND s.newest_id = j.value ->> 1
        AND s.oldest_at = j.value ->> 2 AND s.oldest_id = j.value ->> 3
      WHERE s.user_id = ${userId} AND s.account_id = ${accountId}
    ) = ${joined.length}`;
  await batch(ctx, [
    sql`
      INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, folder)
      SELECT ${userId}, m.id, m.company_id, m.account_id, m.sent_at, m.folder FROM ems_messages m
      WHERE m.account_id = ${accountId} AND m.hidden = 0 AND ${compare("m.sent_at", "m.id", ">=", from)}
        AND ${compare("m.sent_at", "m.id", "<=", to)} AND ${isUnchanged}
      ON CONFLICT (user_id, message_id) DO NOTHING`,
    sql`
      INSERT INTO ems_inbox_stretches (user_id, account_id, newest_at, newest_id, oldest_at, oldest_id)
      SELECT ${userId}, ${accountId}, ${newest.at}, ${newest.id}, ${oldest.at}, ${oldest.id} WHERE ${isUnchanged}
      ON CONFLICT (user_id, account_id, newest_at, newest_id)
      DO UPDATE SET oldest_at = excluded.oldest_at, oldest_id = excluded.oldest_id`,
    sql`
      DELETE FROM ems_inbox_stretches WHERE ${mine}
        AND ${compare("newest_at", "newest_id", "<", newest)} AND ${compare("oldest_at", "oldest_id", ">=", oldest)}
        AND EXISTS (SELECT 1 FROM ems_inbox_stretches WHERE ${mine}
          AND (newest_at, newest_id, oldest_at, oldest_id) = (${newest.at}, ${newest.id}, ${oldest.at}, ${oldest.id}))`,
  ]);
  return { newest, oldest };
}

function toRange([row]: RangeRow[]): DenseRange | undefined {
  if (!row) return undefined;
  return {
    newest: { at: row.newest_at, id: row.newest_id },
    oldest: { at: row.oldest_at, id: row.oldest_id },
  };
}
