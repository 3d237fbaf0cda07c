import { sql } from "../../platform/d1/sql.ts";
import { isSubscribed } from "../subscription.ts";
import { askBlocked } from "./blocked.ts";
import type { Scheduler } from "./state.ts";

// What the object of a user has in the database.

/**
 * Looks up what a run depends on, in one call: the subscription, and the blocked groups, which it notes. Reads a row for
 * the user, and one for each blocked group.
 * @returns whether the user exists and may have posts made today
 */
export async function lookUpForRun(scheduler: Scheduler): Promise<boolean> {
  const { ctx, user } = scheduler;
  const blocked = askBlocked(scheduler);
  const [[row], found] = await ctx.db.batch([
    sql<{ sender_ends_at: string | null }>`
      SELECT sender_ends_at FROM telegram_users WHERE id = ${user} AND deleted_at IS NULL`,
    blocked.query,
  ]);
  blocked.note(found);
  return row !== undefined && isSubscribed(ctx, row.sender_ends_at);
}

/**
 * Notes that a mailing runs, before it does: then cron finds it, whatever is lost.
 * @returns false if the user has been deleted
 */
export async function noteActive({ ctx, user }: Scheduler, endsAt: number): Promise<boolean> {
  const rows = await ctx.db.all(sql`
    UPDATE telegram_users SET active_until = ${endsAt} WHERE id = ${user} AND deleted_at IS NULL RETURNING id`);
  return rows.length > 0;
}

/** Notes that the mailing does not run any more. A later one, with another end, is not touched. */
export const forgetActive = ({ ctx, user }: Scheduler, endsAt: number): Promise<void> =>
  ctx.db.run(sql`
    UPDATE telegram_users SET active_until = NULL WHERE id = ${user} AND active_until = ${endsAt}`);
