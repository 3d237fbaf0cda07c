import type { AccountContext } from "./context.ts";
import { leave, leavesAt } from "./sign-in/forget.ts";
import { expire, expiresAt } from "./sign-in/pending.ts";

/** When the next work is due, in milliseconds since the epoch; null for never. */
export function dueAt(account: AccountContext): number | null {
  const times = [expiresAt(account), leavesAt(account)].filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}

/** Does what is due. It never throws. */
export async function runDue(account: AccountContext): Promise<void> {
  const now = Date.now();
  if ((expiresAt(account) ?? Infinity) <= now) await expire(account);
  if ((leavesAt(account) ?? Infinity) <= now) await leave(account);
}
