import { type SQL, sql } from "../../platform/d1/sql.ts";
import { batch, type UserCtx } from "../context.ts";

/** Above this many late messages, the user's dense ranges are dropped instead of filled. */
const LIMIT = 500;

/**
 * An expression for the late messages in account `a` since the user's last look (counters `n`), counted up to 501; 0 for
 * a user without dense ranges.
 */
export const countBacklog: SQL = sql`
  iif(n.late_seen IS NULL, 0, (SELECT count(*) FROM (
    SELECT 1 FROM ems_late_messages WHERE account_id = a.id AND seq > n.late_seen LIMIT ${LIMIT + 1})))`;

/** An account as one user has it. */
export interface Backlogged {
  id: string;
  /** The value of `countBacklog`. */
  late: number;
  /** The user's dense ranges, as JSON of `selectRanges`. */
  ranges: string;
}

/**
 * Makes the user's ranges dense again after late messages. These get entry rows; above 500 of them, the ranges of the
 * account are deleted instead. Idempotent.
 * @returns the accounts with their current ranges
 */
export async function applyBacklog<Account extends Backlogged>(
  ctx: UserCtx,
  accounts: Account[],
): Promise<Account[]> {
  const behind = accounts.filter(({ late }) => late > 0);
  if (behind.length === 0) return accounts;
  const { user_id } = ctx.user;
  const json = (list: Account[]) => JSON.stringify(list.map(({ id }) => id));
  const isTooFarBehind = ({ late }: Account) => late > LIMIT;
  await batch(ctx, [
    sql`
      INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, folder)
      SELECT ${user_id}, m.id, m.company_id, m.account_id, m.sent_at, m.folder
      FROM json_each(${json(behind.filter((account) => !isTooFarBehind(account)))}) j
      CROSS JOIN ems_inbox_counters n ON n.user_id = ${user_id} AND n.account_id = j.value
      CROSS JOIN ems_late_messages l ON l.account_id = n.account_id AND l.seq > n.late_seen
      CROSS JOIN ems_messages m ON m.id = l.message_id WHERE m.hidden = 0
      ON CONFLICT (user_id, message_id) DO NOTHING`,
    sql`
      DELETE FROM ems_inbox_stretches WHERE user_id = ${user_id}
        AND account_id IN (SELECT value FROM json_each(${json(behind.filter(isTooFarBehind))}))`,
    sql`
      UPDATE ems_inbox_counters SET late_seen = max(late_seen, coalesce((
        SELECT max(seq) FROM ems_late_messages l WHERE l.account_id = ems_inbox_counters.account_id), 0))
      WHERE user_id = ${user_id} AND account_id IN (SELECT value FROM json_each(${json(behind)}))`,
  ]);
  return accounts.map((account) => (isTooFarBehind(account) ? { ...account, ranges: "[]" } : account));
}
