import type { AccountContext } from "../context.ts";
import type { Caller } from "../contract.ts";
import { NoAnswer, Refused, TelegramError } from "../errors.ts";
import { destroySession, isForeign, readAccount } from "../state.ts";

/** How long a code may be given, and a password after it, in milliseconds. */
export const PENDING_MS = 15 * 60_000;

/** How many wrong codes are tried before another one must be sent. */
const MAX_TRIES = 5;

/** A day, in seconds: how long Telegram refuses a number that has asked too often. */
const DAY = 86_400;

const UNREACHABLE = "Telegram cannot be reached: try again in a minute";

/** A sign-in whose code was sent. */
export interface Pending {
  /** What Telegram calls the code; null once the code was right, and a password is needed. */
  codeHash: string | null;
}

/** The sign-in that this user has begun. @throws Refused `expired` without one */
export function requirePending(account: AccountContext, caller: Caller): Pending {
  const row = readAccount(account);
  const isOver = row.pending_until === null || row.pending_until <= Date.now() || row.tries >= MAX_TRIES;
  if (isOver || isForeign(row, caller)) throw new Refused("expired", "no_code");
  return { codeHash: row.code_hash };
}

/** When the sign-in that is under way expires; null for none. */
export const expiresAt = (account: AccountContext): number | null => readAccount(account).pending_until;

/** Forgets a sign-in that was not finished. */
export async function expire(account: AccountContext): Promise<void> {
  account.sql.exec("UPDATE account SET code_hash = NULL, pending_until = NULL, tries = 0");
  const { state } = readAccount(account);
  if (state === "none" || state === "signed_out") await destroySession(account);
}

/**
 * What a step of a sign-in is refused with.
 * @param error of a call
 * @returns a Refused; any other error as it is
 */
export function toSignInRefusal(error: unknown): unknown {
  if (error instanceof NoAnswer) return new Refused("unavailable", UNREACHABLE);
  // The key is gone, and with it what Telegram knew of the sign-in.
  if (error instanceof Refused && error.code === "signed_out") return new Refused("expired", error.reason);
  if (!(error instanceof TelegramError)) return error;
  const { code, text, reason, number } = error;
  if (code === 420) return new Refused("flood_wait", reason, number ?? DAY);
  switch (text) {
    case "PHONE_NUMBER_APP_SIGNUP_FORBIDDEN":
    case "PHONE_NUMBER_INVALID":
    case "PHONE_NUMBER_BANNED":
    case "PHONE_NUMBER_UNOCCUPIED":
      return new Refused("invalid_phone", reason);
    case "PHONE_NUMBER_FLOOD":
    case "PHONE_PASSWORD_FLOOD":
      return new Refused("flood_wait", reason, DAY);
    case "PHONE_CODE_INVALID":
    case "PHONE_CODE_EMPTY":
      return new Refused("invalid_code", reason);
    case "PHONE_CODE_EXPIRED":
    case "PHONE_CODE_HASH_EMPTY":
      return new Refused("expired", reason);
    case "PASSWORD_HASH_INVALID":
      return new Refused("invalid_password", reason);
    case "SEND_CODE_UNAVAILABLE":
    case "SMS_CODE_CREATE_FAILED":
    case "PHONE_PASSWORD_PROTECTED":
      return new Refused("code_unavailable", reason);
    default:
      return new Refused("unavailable", reason);
  }
}
