import type { AccountContext } from "../context.ts";
import type { Caller } from "../contract.ts";

/** Forgets the account at once. Telegram's session is ended by alarm. @throws Refused `not_found` */
export async function forget(_account: AccountContext, _caller: Caller): Promise<object> {
  throw new Error("FRAME");
}

/** When Telegram is asked next to end the session of a forgotten account; null for never. */
export function leavesAt(_account: AccountContext): number | null {
  return null;
}

/** Has Telegram end the session of a forgotten account. */
export async function leave(_account: AccountContext): Promise<void> {}
