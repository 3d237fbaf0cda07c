import type { AccountContext } from "../context.ts";
import type { Caller } from "../contract.ts";
import { Refused } from "../errors.ts";
import { destroySession, isForeign, readAccount } from "../state.ts";

/** How long Telegram is asked to end the session of a forgotten account, in milliseconds. */
const LEAVING_MS = 24 * 3600_000;

/** The first wait after a failure: each is as long as all before it. */
const RETRY_MS = 60_000;

/**
 * Forgets the account at once. Telegram's session is ended by alarm.
 * @throws Refused `not_found` for another user's account
 */
export async function forget(account: AccountContext, caller: Caller): Promise<object> {
  const row = readAccount(account);
  if (isForeign(row, caller)) throw new Refused("not_found", "not_found");
  if (row.state === "leaving") return {};
  const now = Date.now();
  const isLeaving = row.state === "signed_in";
  account.sql.exec(
    `UPDATE account SET user = NULL, state = ?, telegram_id = NULL, first_name = NULL, code_hash = NULL,
       pending_until = NULL, tries = 0, leaving_until = ?, leaving_at = ?`,
    isLeaving ? "leaving" : "none",
    isLeaving ? now + LEAVING_MS : null,
    isLeaving ? now : null,
  );
  if (!isLeaving) await destroySession(account);
  await account.wake();
  return {};
}

/** When Telegram is asked next to end the session of a forgotten account; null for never. */
export const leavesAt = (account: AccountContext): number | null => readAccount(account).leaving_at;

/**
 * Has Telegram end the session of a forgotten account, and destroys its key.
 * @param options.isLast true to destroy the key whatever Telegram says
 */
export async function leave(
  account: AccountContext,
  { isLast = false }: { isLast?: boolean } = {},
): Promise<void> {
  const { state, leaving_until: until } = readAccount(account);
  if (state !== "leaving" || until === null) return;
  const isEnded = await logOut(account);
  const now = Date.now();
  if (!isEnded && !isLast && now < until) {
    const waited = now - (until - LEAVING_MS);
    account.sql.exec("UPDATE account SET leaving_at = ?", Math.min(until, now + Math.max(RETRY_MS, waited)));
    return;
  }
  account.sql.exec("UPDATE account SET state = 'none', leaving_until = NULL, leaving_at = NULL");
  await destroySession(account);
}

/** Whether Telegram has ended the session. Whatever went wrong, there is another time. */
const logOut = (account: AccountContext): Promise<boolean> =>
  account.call({ _: "auth.logOut" }).then(
    () => true,
    (error) => error instanceof Refused && error.code === "signed_out",
  );
