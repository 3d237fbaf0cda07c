import { rowOf, rowsOf } from "../../platform/rows.ts";
import type { AccountState, Caller, Outcome, SignInCode } from "../../telegram-account/contract.ts";
import { markSignedOut } from "./accounts.ts";
import { ask, askState, TELEGRAM_ANSWER_MS } from "./ask.ts";
import type { SignIn } from "./contract.ts";
import { type AccountObject, accountObject, type Scheduler } from "./state.ts";
import { queueSync, startSync } from "./sync.ts";

// A sign-in changes two objects without a common transaction. So this one notes it first, by settles_at. After a death or a
// lost answer, the account's own object is asked what became of it: by the next call, or by the alarm.

const DAY_MS = 86_400_000;
const CODES_A_DAY = 10;

/** How long a code is valid. A phone that is not connected by then is given up. */
const VALID_MS = 15 * 60_000;

/** After how long an account that cannot be reached is asked again. */
const RETRY_MS = 5 * 60_000;

/** How long Telegram's limit of an account lasts. To sign in again does not end it. */
const LIMIT_MS = DAY_MS;

/** Asks Telegram to send a login code to a phone. */
export async function sendCode(scheduler: Scheduler, phone: number): Promise<SignIn> {
  const seconds = waitForCode(scheduler);
  if (seconds > 0) return { ok: false, code: "flood_wait", seconds, reason: "codes_of_user" };
  const begun = begin(scheduler, phone);
  await scheduler.wake();
  const account = accountObject(scheduler, phone);
  const outcome = await ask(scheduler, account, TELEGRAM_ANSWER_MS, (object, caller) =>
    object.sendCode(caller),
  );
  if (outcome.ok) {
    markSignedOut(scheduler, phone, "signed_out");
    return { ok: true };
  }
  const { code, ...refusal } = outcome;
  if (code === "lost") return { ...refusal, code: "unavailable" };
  if (code === "account_exists" && (await isSignedIn(scheduler, phone))) await activate(scheduler, phone);
  takeBack(scheduler, phone, begun, code);
  return { ...refusal, code };
}

/** @returns in how many seconds the user may ask for another code; 0 for now */
function waitForCode(scheduler: Scheduler): number {
  const now = Date.now();
  const oldest = rowOf<{ at: number }>(
    scheduler,
    "SELECT at FROM codes WHERE at > ? ORDER BY at DESC LIMIT 1 OFFSET ?",
    ...[now - DAY_MS, CODES_A_DAY - 1],
  );
  return oldest ? Math.ceil((oldest.at + DAY_MS - now) / 1000) : 0;
}

/** What `begin` has written. */
interface Begun {
  /** The row in `codes`. */
  code: number;
  settlesAt: number;
  isNew: boolean;
}

/** Notes that a code is asked for. An account that is connected stays as it is. */
const begin = (scheduler: Scheduler, phone: number): Begun =>
  scheduler.storage.transactionSync(() => {
    const now = Date.now();
    scheduler.sql.exec("DELETE FROM codes WHERE at <= ?", now - DAY_MS);
    const [code] = rowsOf<{ id: number }>(
      scheduler,
      "INSERT INTO codes VALUES (?) RETURNING rowid AS id",
      now,
    );
    const known = rowOf<{ settles_at: number | null }>(
      scheduler,
      "SELECT settles_at FROM accounts WHERE phone = ?",
      phone,
    );
    // Of two attempts at once, each has a time of its own: see takeBack.
    const settlesAt = Math.max(now + VALID_MS, (known?.settles_at ?? 0) + 1);
    scheduler.sql.exec(
      `INSERT INTO accounts (phone, state, added_at, settles_at) VALUES (?, 'connecting', ?, ?)
       ON CONFLICT (phone) DO UPDATE SET settles_at = excluded.settles_at`,
      ...[phone, now, settlesAt],
    );
    return { code: code?.id ?? 0, settlesAt, isNew: !known };
  });

/** Takes back what `begin` wrote, as no code was sent. A code counts unless somebody's limit was reached already. */
function takeBack(scheduler: Scheduler, phone: number, begun: Begun, code: SignInCode): void {
  if (code === "flood_wait" || code === "unavailable")
    scheduler.sql.exec("DELETE FROM codes WHERE rowid = ?", begun.code);
  if (begun.isNew) giveUp(scheduler, phone, begun.settlesAt);
}

/** Signs in by a code. */
export const verifyCode = (scheduler: Scheduler, phone: number, code: string): Promise<SignIn> =>
  verify(scheduler, phone, (account, caller) => account.verifyCode(caller, code));

/** Signs in by the password of two-step verification, after the code. */
export const verifyPassword = (scheduler: Scheduler, phone: number, password: string): Promise<SignIn> =>
  verify(scheduler, phone, (account, caller) => account.verifyPassword(caller, password));

async function verify(
  scheduler: Scheduler,
  phone: number,
  call: (account: AccountObject, caller: Caller) => Promise<Outcome<AccountState, SignInCode | "not_found">>,
): Promise<SignIn> {
  const account = accountObject(scheduler, phone);
  const isBegun = rowOf(scheduler, "SELECT 1 FROM accounts WHERE phone = ?", phone);
  if (account && !isBegun) return { ok: false, code: "expired", reason: "no_code" };
  const outcome = await ask(scheduler, account, TELEGRAM_ANSWER_MS, call);
  // The answer to the same code may have been lost before.
  const isUnsure = !outcome.ok && ["lost", "expired"].includes(outcome.code);
  if (outcome.ok || (isUnsure && (await isSignedIn(scheduler, phone)))) {
    await activate(scheduler, phone);
    return { ok: true };
  }
  const { code, ...refusal } = outcome;
  if (code === "lost") return { ...refusal, code: "unavailable" };
  // By now somebody else signs in with this phone.
  return { ...refusal, code: code === "not_found" ? "expired" : code };
}

const isSignedIn = async (scheduler: Scheduler, phone: number): Promise<boolean> => {
  const outcome = await askState(scheduler, phone);
  return outcome.ok && outcome.state === "signed_in";
};

/** Notes that an account is signed in, and looks its groups up. */
async function activate(scheduler: Scheduler, phone: number): Promise<void> {
  const now = Date.now();
  scheduler.storage.transactionSync(() => {
    scheduler.sql.exec(
      `INSERT INTO accounts (phone, state, added_at) VALUES (?, 'connecting', ?)
       ON CONFLICT (phone) DO UPDATE SET settles_at = NULL`,
      ...[phone, now],
    );
    const changed = rowsOf(
      scheduler,
      `UPDATE accounts SET state = 'active', reason = NULL, paused_until = NULL
       WHERE phone = ? AND state IN ('connecting', 'signed_out') RETURNING phone`,
      phone,
    );
    if (changed.length === 0) return;
    scheduler.sql.exec(
      `UPDATE accounts SET state = 'paused', reason = 'peer_flood', paused_until = limited_at + ?
       WHERE phone = ? AND limited_at > ?`,
      ...[LIMIT_MS, phone, now - LIMIT_MS],
    );
    queueSync(scheduler, now);
  });
  await startSync(scheduler);
}

/** Removes an attempt to connect a phone, if no later one has begun. */
const giveUp = (scheduler: Scheduler, phone: number, settlesAt: number): void =>
  void scheduler.sql.exec(
    "DELETE FROM accounts WHERE phone = ? AND state = 'connecting' AND settles_at = ?",
    ...[phone, settlesAt],
  );

/** When the next sign-in is to be settled, in milliseconds since the epoch; null without any. */
export const settlesAt = (scheduler: Scheduler): number | null =>
  rowOf<{ at: number | null }>(scheduler, "SELECT MIN(settles_at) AS at FROM accounts")?.at ?? null;

/** Asks the accounts what became of sign-ins that have not ended here. */
export async function settleSignIns(scheduler: Scheduler): Promise<void> {
  const again = Date.now() + RETRY_MS;
  const due = rowsOf<{ phone: number }>(
    scheduler,
    "UPDATE accounts SET settles_at = ? WHERE settles_at <= ? RETURNING phone",
    ...[again, Date.now()],
  );
  await Promise.all(due.map(({ phone }) => settle(scheduler, phone, again)));
}

async function settle(scheduler: Scheduler, phone: number, settlesAt: number): Promise<void> {
  const outcome = await askState(scheduler, phone);
  if (outcome.ok && outcome.state === "signed_in") return activate(scheduler, phone);
  if (!outcome.ok && outcome.code !== "not_found") return;
  scheduler.storage.transactionSync(() => {
    giveUp(scheduler, phone, settlesAt);
    const open = rowsOf(
      scheduler,
      "UPDATE accounts SET settles_at = NULL WHERE phone = ? AND settles_at = ? RETURNING phone",
      ...[phone, settlesAt],
    );
    if (open.length) markSignedOut(scheduler, phone, "signed_out");
  });
}
