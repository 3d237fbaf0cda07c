import type { tl } from "@mtcute/core";
import type { AccountContext } from "../context.ts";
import type { Caller } from "../contract.ts";
import { NoAnswer, Refused, TelegramError } from "../errors.ts";
import { settingsOf } from "../settings.ts";
import { destroySession, isForeign, readAccount } from "../state.ts";
import { leave } from "./forget.ts";
import { PENDING_MS, toSignInRefusal } from "./pending.ts";

/** How far apart codes are sent, and how many a day: otherwise anybody could flood a stranger's phone. */
const APART_MS = 60_000;
const DAY_MS = 24 * 3600_000;
const CODES_A_DAY = 5;

/** Codes that their owner can read or hear, and type. Others come by mail or as a caller's number, or cost something. */
const TYPED: string[] = [
  "auth.sentCodeTypeApp",
  "auth.sentCodeTypeSms",
  "auth.sentCodeTypeCall",
  "auth.sentCodeTypeFragmentSms",
  "auth.sentCodeTypeSmsWord",
  "auth.sentCodeTypeSmsPhrase",
];

/**
 * Has Telegram send a login code. A code that was sent before counts no more.
 * @throws Refused `account_exists`, `invalid_phone`, `flood_wait`, `code_unavailable`, `unavailable`
 */
export async function sendCode(account: AccountContext, caller: Caller): Promise<object> {
  const row = readAccount(account);
  if (row.state === "signed_in" || isForeign(row, caller))
    throw new Refused("account_exists", "account_exists");
  const codes = lastCodes(row.codes);
  const seconds = waitOf(codes);
  if (seconds > 0) throw new Refused("flood_wait", "too_many_codes", seconds);
  // The forgotten session has the same key.
  if (row.state === "leaving") await leave(account, { isLast: true });
  // Security: the key of a sign-in that is over may be signed in, for the user who began it.
  else if ((row.pending_until ?? 0) <= Date.now()) await destroySession(account);
  const sent = await ask(account).catch((error) => {
    // What surely has not reached Telegram has sent nothing.
    if (error instanceof TelegramError || (error instanceof NoAnswer && error.mayHaveArrived)) {
      count(account, codes);
    }
    throw withOwnWait(account, toSignInRefusal(error));
  });
  if (sent._ !== "auth.sentCode" || !TYPED.includes(sent.type._)) {
    count(account, codes);
    throw new Refused("code_unavailable", reasonOf(sent));
  }
  count(account, codes, { user: caller.user, codeHash: sent.phoneCodeHash });
  await account.wake();
  return {};
}

/** Telegram's wait, or ours if that is longer: then the code may be asked for again. */
function withOwnWait(account: AccountContext, refusal: unknown): unknown {
  if (!(refusal instanceof Refused) || refusal.code !== "flood_wait") return refusal;
  const own = waitOf(lastCodes(readAccount(account).codes));
  return new Refused("flood_wait", refusal.reason, Math.max(own, refusal.seconds ?? 0));
}

async function ask(account: AccountContext): Promise<tl.auth.TypeSentCode> {
  const { apiId, apiHash } = settingsOf(account.env);
  const method: tl.auth.RawSendCodeRequest = {
    _: "auth.sendCode",
    phoneNumber: account.phone,
    apiId,
    apiHash,
    settings: { _: "codeSettings" },
  };
  try {
    return await account.call(method);
  } catch (error) {
    const isRestart = error instanceof TelegramError && error.text === "AUTH_RESTART";
    // Telegram no longer accepts the key of an earlier attempt. It is destroyed: the second call makes another.
    const isKeyDead = error instanceof Refused && error.code === "signed_out";
    if (isRestart || isKeyDead) return account.call(method);
    throw error;
  }
}

const reasonOf = (sent: tl.auth.TypeSentCode): string =>
  (sent._ === "auth.sentCode" ? sent.type._ : sent._).replace("auth.", "").toLowerCase();

/** Counts a code, and keeps what the sign-in that it begins needs. A refused code leaves the one before as it is. */
function count(
  { sql }: AccountContext,
  before: number[],
  begun: { user: number; codeHash: string } | null = null,
): void {
  const now = Date.now();
  const codes = JSON.stringify([...before, now]);
  if (!begun) sql.exec("UPDATE account SET codes = ?", codes);
  else
    sql.exec(
      "UPDATE account SET codes = ?, user = ?, code_hash = ?, pending_until = ?, tries = 0",
      ...[codes, begun.user, begun.codeHash, now + PENDING_MS],
    );
}

const lastCodes = (json: string): number[] =>
  (JSON.parse(json) as number[]).filter((at) => at > Date.now() - DAY_MS);

/** In seconds: how long no code may be sent. */
function waitOf(codes: number[]): number {
  const last = codes.at(-1);
  const first = codes.at(-CODES_A_DAY);
  const until = Math.max(last === undefined ? 0 : last + APART_MS, first === undefined ? 0 : first + DAY_MS);
  return Math.max(0, Math.ceil((until - Date.now()) / 1000));
}
