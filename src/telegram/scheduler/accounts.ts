import { log } from "../../platform/log.ts";
import { rowOf, rowsOf } from "../../platform/rows.ts";
import { ask, OWN_ANSWER_MS } from "./ask.ts";
import type { Account, AccountDetail, Removal } from "./contract.ts";
import { accountObject, type Scheduler } from "./state.ts";

interface Row extends Record<string, SqlStorageValue> {
  phone: number;
  state: AccountDetail["state"];
  reason: string | null;
  paused_until: number | null;
  groups: number;
}

const COLUMNS = `a.phone, a.state, a.reason, a.paused_until,
  (SELECT COUNT(*) FROM memberships m WHERE m.phone = a.phone) AS groups`;

/** The accounts that are or were signed in, in the order in which they were connected. */
export const listAccounts = (scheduler: Scheduler): Account[] =>
  rowsOf<Row>(
    scheduler,
    `SELECT ${COLUMNS} FROM accounts a WHERE a.state <> 'connecting' ORDER BY a.added_at, a.phone`,
  ).map(toAccount);

/** An account, also while it is being connected; null if the user has no such account. */
export function showAccount(scheduler: Scheduler, phone: number): AccountDetail | null {
  const row = rowOf<Row>(scheduler, `SELECT ${COLUMNS} FROM accounts a WHERE a.phone = ?`, phone);
  if (!row) return null;
  const account = toAccount(row);
  const state = account.isActive ? "active" : row.state;
  const isPaused = state === "paused";
  return {
    ...account,
    state,
    reason: account.isActive ? null : row.reason,
    until: isPaused ? row.paused_until : null,
  };
}

function toAccount({ phone, state, paused_until, groups }: Row): Account {
  const isOver = state === "paused" && paused_until !== null && paused_until <= Date.now();
  return { phone, isActive: state === "active" || isOver, groupsCount: groups };
}

/**
 * Signs an account out and removes it, or ends an attempt to connect it. Its groups keep their ids. Repeatable: the account
 * is forgotten by its own object first.
 */
export async function removeAccount(scheduler: Scheduler, phone: number): Promise<Removal> {
  const isKnown = () => rowOf(scheduler, "SELECT 1 FROM accounts WHERE phone = ?", phone);
  if (!isKnown()) return { ok: false, code: "not_found", reason: "not_found" };
  const refusal = await forget(scheduler, phone);
  if (refusal) return { ok: false, code: "unavailable", reason: refusal };
  scheduler.storage.transactionSync(() => {
    scheduler.sql.exec("DELETE FROM memberships WHERE phone = ?", phone);
    scheduler.sql.exec("DELETE FROM accounts WHERE phone = ?", phone);
  });
  return { ok: true };
}

/**
 * Makes the object of an account forget it; Telegram's session ends later. This needs no consent to Telegram's terms.
 * @returns why it is not known to be forgotten; null once it is
 */
export async function forget(scheduler: Scheduler, phone: number): Promise<string | null> {
  const account = accountObject(scheduler, phone, true);
  const call = () => ask(scheduler, account, OWN_ANSWER_MS, (object, caller) => object.forget(caller));
  const first = await call();
  const outcome = !first.ok && first.code === "lost" ? await call() : first;
  return outcome.ok || outcome.code === "not_found" ? null : outcome.reason;
}

/** Ends a pause. @returns false if the user has no such account */
export async function resumeAccount(scheduler: Scheduler, phone: number): Promise<boolean> {
  scheduler.sql.exec(
    "UPDATE accounts SET state = 'active', reason = NULL, paused_until = NULL WHERE phone = ? AND state = 'paused'",
    phone,
  );
  await scheduler.wake();
  return !!rowOf(scheduler, "SELECT 1 FROM accounts WHERE phone = ? AND state <> 'connecting'", phone);
}

/** Notes that an account is signed in no longer. Its groups stay, for when its user connects it again. */
export function markSignedOut(scheduler: Scheduler, phone: number, reason: string): void {
  const { rowsWritten } = scheduler.sql.exec(
    `UPDATE accounts SET state = 'signed_out', reason = ?, paused_until = NULL
     WHERE phone = ? AND state IN ('active', 'paused')`,
    ...[reason, phone],
  );
  if (rowsWritten > 0) log("warn", "telegram.account_signed_out", { user: scheduler.user, reason });
}
