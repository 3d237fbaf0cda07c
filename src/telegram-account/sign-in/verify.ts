import type { tl } from "@mtcute/core";
import { computeSrpParams } from "@mtcute/core/utils.js";
import { createCrypto } from "../client/crypto.ts";
import type { AccountContext } from "../context.ts";
import type { AccountState, Caller } from "../contract.ts";
import { Refused, TelegramError } from "../errors.ts";
import { publicState, readAccount } from "../state.ts";
import { expire, PENDING_MS, requirePending, toSignInRefusal } from "./pending.ts";

/**
 * Signs in by the code.
 * @throws Refused `needs_2fa`, `invalid_code`, `expired`, `invalid_phone`, `flood_wait`, `unavailable`
 */
export async function verifyCode(
  account: AccountContext,
  caller: Caller,
  code: string,
): Promise<AccountState> {
  const { codeHash } = requirePending(account, caller);
  if (codeHash === null) throw needsPassword();
  try {
    const authorization = await account.call({
      _: "auth.signIn",
      phoneNumber: account.phone,
      phoneCodeHash: codeHash,
      phoneCode: code,
    });
    return await signedIn(account, caller, authorization);
  } catch (error) {
    const text = error instanceof TelegramError ? error.text : "";
    if (text === "SESSION_PASSWORD_NEEDED") throw await awaitPassword(account);
    if (text === "PHONE_CODE_EXPIRED") return await signedInBefore(account, caller);
    throw await refused(account, error);
  }
}

/**
 * Signs in by the password of two-step verification, after the code was right. The password itself never leaves.
 * @throws Refused `invalid_password`, `expired`, `flood_wait`, `unavailable`
 */
export async function verifyPassword(
  account: AccountContext,
  caller: Caller,
  password: string,
): Promise<AccountState> {
  if (requirePending(account, caller).codeHash !== null) throw new Refused("expired", "no_code");
  try {
    return await signedIn(account, caller, await checkPassword(account, password));
  } catch (error) {
    throw await refused(account, error);
  }
}

const STALE = new Set(["SRP_ID_INVALID", "SRP_PASSWORD_CHANGED"]);

/** A challenge that has become stale is asked for once more. */
async function checkPassword(
  account: AccountContext,
  password: string,
  isAgain = false,
): Promise<tl.auth.TypeAuthorization> {
  const challenge = await account.call({ _: "account.getPassword" });
  // The password was taken away after the code.
  if (!challenge.currentAlgo) throw new Refused("expired", "no_password");
  try {
    const proof = await computeSrpParams(createCrypto(), challenge, password);
    return await account.call({ _: "auth.checkPassword", password: proof });
  } catch (error) {
    const isStale = error instanceof TelegramError && STALE.has(error.text);
    if (!isStale || isAgain) throw error;
    return checkPassword(account, password, true);
  }
}

/** @throws Refused `invalid_phone` for a number without an account */
async function signedIn(
  account: AccountContext,
  caller: Caller,
  authorization: tl.auth.TypeAuthorization,
): Promise<AccountState> {
  if (authorization._ !== "auth.authorization") throw new Refused("invalid_phone", "sign_up_required");
  return noteSignedIn(account, caller, authorization.user);
}

/**
 * A code that Telegram knows no more may have signed in already: then the answer was lost.
 * @throws Refused `expired` otherwise
 */
async function signedInBefore(account: AccountContext, caller: Caller): Promise<AccountState> {
  try {
    const [user] = await account.call({ _: "users.getUsers", id: [{ _: "inputUserSelf" }] });
    if (user) return noteSignedIn(account, caller, user);
  } catch {
    // Nobody is signed in.
  }
  await expire(account);
  throw new Refused("expired", "phone_code_expired");
}

function noteSignedIn(account: AccountContext, caller: Caller, user: tl.TypeUser): AccountState {
  account.sql.exec(
    `UPDATE account SET user = ?, state = 'signed_in', telegram_id = ?, first_name = ?, code_hash = NULL,
       pending_until = NULL, tries = 0`,
    caller.user,
    user.id,
    user._ === "user" ? (user.firstName ?? "") : "",
  );
  return publicState(readAccount(account));
}

const needsPassword = () => new Refused("needs_2fa", "session_password_needed");

async function awaitPassword(account: AccountContext): Promise<Refused> {
  const until = Date.now() + PENDING_MS;
  account.sql.exec("UPDATE account SET code_hash = NULL, tries = 0, pending_until = ?", until);
  await account.wake();
  return needsPassword();
}

/** Notes that a step was refused. @returns what to throw */
async function refused(account: AccountContext, error: unknown): Promise<unknown> {
  const refusal = toSignInRefusal(error);
  if (!(refusal instanceof Refused)) return refusal;
  if (refusal.code === "invalid_code") account.sql.exec("UPDATE account SET tries = tries + 1");
  if (refusal.code === "expired" || refusal.code === "invalid_phone") await expire(account);
  return refusal;
}
