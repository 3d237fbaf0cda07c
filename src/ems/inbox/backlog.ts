import { type SQL, sql } from "drizzle-orm/sql";
import { batch, type UserCtx } from "../context.ts";

/** Above this many late messages, the user's stretches are dropped instead of back-filling entry rows. */
const LIMIT = 500;

/** How many late messages of account `a` have no entry row of the user yet; `n` are the counters of the user. */
export const countBacklog: SQL = sql`
  iif(n.user_id IS NULL, 0, (SELECT count(*) FROM (
    SELECT 1 FROM ems_late_messages WHERE account_id = a.id AND seq > n.late_seen LIMIT ${LIMIT + 1})))`;

/** An account with its `countBacklog`, and the user's stretches of it as JSON. */
export interface Backlogged {
  id: string;
  late: number;
  stretches: string;
}

/**
 * Repairs the user's stretches after messages came late into them. The messages get entry rows; where they are too
 * many, the stretches are deleted. Repeating it changes nothing.
 * @returns the accounts with their stretches after that
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
  return accounts.map((account) => (isTooFarBehind(account) ? { ...account, stretches: "[]" } : account));
}
