import { startAll } from "../../lib/concurrency.ts";
import { sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import { mailingObject } from "../mailing-object.ts";

/** Objects that one cron run wakes, and how many at the same time. */
const MAX_WOKEN = 1000;
const AT_ONCE = 20;
const DAY_MS = 24 * 3600_000;

/**
 * Wakes the objects of running mailings, in case an alarm is gone. Where more run than one cron run can wake, each run
 * takes one part of them, by chance.
 * @returns 0: one call does all that a cron run does
 */
export async function wakeMailings({ env, db }: Ctx): Promise<number> {
  const running = await db.all(sql<{ id: number }>`
    SELECT id FROM telegram_users WHERE active_until IS NOT NULL ORDER BY active_until LIMIT ${MAX_WOKEN}
    OFFSET ${MAX_WOKEN} * (abs(random()) % ((
      SELECT count(*) FROM telegram_users WHERE active_until IS NOT NULL) / ${MAX_WOKEN} + 1))`);
  const tasks = running.map((user) => () => mailingObject({ env, user }).wake().catch(told(user.id)));
  await Promise.all(startAll(tasks, AT_ONCE));
  // Mailings that stopped early, where the end could not be noted. Each has been woken since.
  await db.run(sql`
    UPDATE telegram_users SET active_until = NULL WHERE id IN (
      SELECT id FROM telegram_users WHERE active_until < ${Date.now() - DAY_MS} ORDER BY active_until LIMIT ${MAX_WOKEN})`);
  return 0;
}

const told = (user: number) => (error: unknown) => log("error", "telegram.wake_failed", { user, error });
