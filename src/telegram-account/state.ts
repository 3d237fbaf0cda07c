import { rowOf } from "../platform/rows.ts";
import type { AccountContext } from "./context.ts";
import type { AccountState, Caller } from "./contract.ts";
import { Refused } from "./errors.ts";

export type AccountRow = {
  user: number | null;
  state: "none" | "signed_in" | "signed_out" | "leaving";
  telegram_id: number | null;
  first_name: string | null;
  code_hash: string | null;
  pending_until: number | null;
  tries: number;
  codes: string;
  leaving_until: number | null;
  leaving_at: number | null;
};

/** The account's only row. */
export function readAccount(account: Pick<AccountContext, "sql">): AccountRow {
  const row = rowOf<AccountRow>(account, "SELECT * FROM account");
  if (!row) throw new Error("The table account has no row");
  return row;
}

/** Whether another user has the account, or is signing in. */
export function isForeign({ user, state, pending_until }: AccountRow, caller: Caller): boolean {
  const isTaken =
    state === "signed_in" || state === "signed_out" || (pending_until !== null && pending_until > Date.now());
  return isTaken && user !== caller.user;
}

/** What is known of the account. @throws Refused `not_found` for another user's */
export function stateOf(account: AccountContext, caller: Caller): AccountState {
  const row = readAccount(account);
  if (isForeign(row, caller)) throw new Refused("not_found", "not_found");
  return publicState(row);
}

/** @throws Refused `not_found` unless the user has signed in, `signed_out` if Telegram has ended the session */
export function requireSession(account: AccountContext, caller: Caller): void {
  const row = readAccount(account);
  if (isForeign(row, caller)) throw new Refused("not_found", "not_found");
  if (row.state === "signed_out") throw new Refused("signed_out", "signed_out");
  if (row.state !== "signed_in") throw new Refused("not_found", "not_signed_in");
}

export const publicState = ({ state, telegram_id, first_name }: AccountRow): AccountState =>
  state === "signed_in" || state === "signed_out"
    ? { state, id: telegram_id, firstName: first_name }
    : { state: "none", id: null, firstName: null };

/** Closes the connection, and destroys the session's key and what was kept with it. */
export async function destroySession(account: AccountContext): Promise<void> {
  // In this order, and at once: a client that is opened from now on finds no key.
  eraseSession(account);
  await account.disconnect();
}

/** Notes that Telegram has ended the session: a sign-in may begin again. */
export function endSession(account: Pick<AccountContext, "sql">): void {
  eraseSession(account);
  account.sql.exec("UPDATE account SET state = 'signed_out' WHERE state = 'signed_in'");
}

function eraseSession({ sql }: Pick<AccountContext, "sql">): void {
  sql.exec("DELETE FROM auth_keys");
  sql.exec("DELETE FROM client_values");
  sql.exec("DELETE FROM media");
}
