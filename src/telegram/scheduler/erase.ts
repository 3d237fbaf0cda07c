import { rowOf, rowsOf } from "../../platform/rows.ts";
import { forget } from "./accounts.ts";
import { stopMailing } from "./ledger.ts";
import type { Scheduler } from "./state.ts";
import { prepare } from "./tables.ts";

/** R2's limit for one delete. */
const AT_A_TIME = 1000;

/**
 * Signs all accounts out, and erases all that is kept of the user here and in the bucket. What dies in between is repeated
 * by the next call, since the tables go last.
 * @returns false if an account could not be reached
 */
export async function erase(scheduler: Scheduler): Promise<boolean> {
  // At once: an account that cannot be reached now would go on with its run when it can be.
  stopMailing(scheduler, "user");
  const accounts = rowsOf<{ phone: number }>(scheduler, "SELECT phone FROM accounts");
  const refusals = await Promise.all(accounts.map(({ phone }) => forget(scheduler, phone)));
  if (refusals.some((reason) => reason !== null)) return false;
  const phones = JSON.stringify(accounts.map(({ phone }) => phone));
  scheduler.sql.exec("DELETE FROM accounts WHERE phone IN (SELECT value FROM json_each(?))", phones);
  await eraseFiles(scheduler);
  // A sign-in that had begun before.
  if (rowOf(scheduler, "SELECT 1 FROM accounts")) return false;
  await scheduler.storage.deleteAlarm();
  await scheduler.storage.deleteAll();
  // For a call that comes before the object leaves memory.
  prepare(scheduler.storage);
  return true;
}

async function eraseFiles({ ctx, ...scheduler }: Scheduler): Promise<void> {
  const files = rowsOf<{ key: string }>(
    scheduler,
    `SELECT key FROM files
     UNION SELECT media ->> 'key' FROM mailing WHERE media IS NOT NULL
     UNION SELECT media ->> 'key' FROM runs WHERE media IS NOT NULL`,
  );
  for (let first = 0; first < files.length; first += AT_A_TIME)
    await ctx.env.ATTACHMENTS.delete(files.slice(first, first + AT_A_TIME).map(({ key }) => key));
}
