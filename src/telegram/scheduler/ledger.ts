import { log } from "../../platform/log.ts";
import { rowsOf } from "../../platform/rows.ts";
import { markSignedOut } from "./accounts.ts";
import { latestRun, plannedAt, type Timetable } from "./arithmetic.ts";
import { hasAccount, type MailingRow, POSTABLE, type RunRow, type StopReason } from "./rows.ts";
import type { Scheduler } from "./state.ts";
import { queueNextSync } from "./sync.ts";
import type { Ending, Verdict } from "./verdict.ts";

/** Missed runs that get a row: the latest ones. */
const MAX_MISSED = 500;

/** Writes that a run begins, with what it posts. */
export function beginRun(
  { sql }: Scheduler,
  { started_at, text, media }: MailingRow,
  number: number,
  planned: number,
) {
  sql.exec(
    "INSERT INTO runs (started_at, number, planned_at, began_at, text, media) VALUES (?, ?, ?, ?, ?, ?)",
    ...[started_at, number, planned, Date.now(), text, media],
  );
}

/** Counts the runs before `end` as done, with a row for each and none for its groups. */
export function missRuns(
  scheduler: Scheduler,
  { started_at, step }: MailingRow,
  timetable: Timetable,
  end: number,
) {
  if (step >= end) return;
  const { sql, storage } = scheduler;
  storage.transactionSync(() => {
    for (let number = Math.max(step, end - MAX_MISSED); number < end; number++)
      sql.exec(
        "INSERT INTO runs (started_at, number, planned_at, ended_at, text) VALUES (?, ?, ?, ?, '')",
        ...[started_at, number, plannedAt(timetable, number), Date.now()],
      );
    sql.exec("UPDATE mailing SET step = ?", end);
  });
}

/** Counts all runs that are left as done, and ends the mailing. */
export function endMailing(scheduler: Scheduler, mailing: MailingRow, timetable: Timetable): void {
  scheduler.storage.transactionSync(() => {
    missRuns(scheduler, mailing, timetable, latestRun(timetable, Number.POSITIVE_INFINITY) + 1);
    stopMailing(scheduler, "ended");
  });
}

/** Ends the mailing, if it is active. A run of it that is open ends later. */
export const stopMailing = ({ sql }: Scheduler, reason: StopReason): void =>
  void sql.exec("UPDATE mailing SET is_active = 0, stop_reason = ? WHERE is_active = 1", reason);

/** Writes that a post is tried. It must be stored before the post leaves. */
export const beginDelivery = ({ sql }: Scheduler, run: RunRow, group: number, phone: number): void =>
  void sql.exec(
    "INSERT INTO deliveries (run_id, group_id, state, phone, tried_at) VALUES (?, ?, 'sending', ?, ?)",
    ...[run.id, group, phone, Date.now()],
  );

/** Writes what has become of a post that was tried. @returns false if that was known already */
export function endDelivery({ sql }: Scheduler, run: RunRow, group: number, ending: Ending): boolean {
  const [reason, message] = ending.state === "sent" ? [null, ending.messageId] : [ending.reason, null];
  const { rowsWritten } = sql.exec(
    `UPDATE deliveries SET state = ?, reason = ?, message_id = ?, ended_at = ?
     WHERE run_id = ? AND group_id = ? AND state = 'sending'`,
    ...[ending.state, reason, message, Date.now(), run.id, group],
  );
  return rowsWritten > 0;
}

/** Writes that groups get no post in a run, where nothing is known of them yet. It is one row for all. */
export function skipGroups(
  scheduler: Scheduler,
  run: RunRow,
  ids: number[],
  phone: number | null,
  reason: string,
): void {
  const known = new Set(idsOf(scheduler, "SELECT group_id AS id FROM outcomes WHERE run_id = ?", run.id));
  const groups = ids.filter((id) => !known.has(id));
  if (groups.length === 0) return;
  scheduler.sql.exec(
    "UPDATE runs SET skips = json_insert(skips, '$[#]', json(?)) WHERE id = ?",
    ...[JSON.stringify({ at: Date.now(), reason, phone, groups }), run.id],
  );
}

/** A post that was tried. */
export interface Tried {
  group: number;
  phone: number;
  /** True if it may have been posted, by this try or an earlier one. */
  isLost: boolean;
  /** The groups that the account has still to post to in this run. */
  waiting: number[];
}

/** Does in one transaction what an answer means. */
export function settle(scheduler: Scheduler, run: RunRow, tried: Tried, verdict: Verdict): void {
  const { group, phone, isLost, waiting } = tried;
  scheduler.storage.transactionSync(() => {
    const { delivery } = verdict;
    if (delivery.state !== "again") {
      const isNew = endDelivery(scheduler, run, group, delivery);
      if (isNew && delivery.state === "sent") countSent(scheduler, run);
    } else if (!isLost) {
      // Surely not posted: the group waits, and any of its accounts may try it.
      scheduler.sql.exec(
        "DELETE FROM deliveries WHERE run_id = ? AND group_id = ? AND state = 'sending'",
        ...[run.id, group],
      );
    }
    settleGroup(scheduler, group, verdict);
    settleAccount(scheduler, phone, verdict);
    if (verdict.account?.is === "paused") skipGroups(scheduler, run, waiting, phone, "account_limited");
    if (verdict.account?.is === "signed_out")
      skipGroups(scheduler, run, withoutAccount(scheduler, [group, ...waiting]), phone, "signed_out");
    if (verdict.isContentBad) {
      stopMailing(scheduler, "content");
      log("warn", "telegram.content_refused", { user: scheduler.user });
    } else if (!hasAccount(scheduler, { isPausedToo: true })) stopMailing(scheduler, "no_accounts");
  });
}

/** Of some groups those that no account is left for. */
const withoutAccount = (scheduler: Scheduler, ids: number[]): number[] =>
  idsOf(
    scheduler,
    `SELECT g.id FROM json_each(?) JOIN groups g ON g.id = value WHERE NOT (${POSTABLE})`,
    JSON.stringify(ids),
  );

const idsOf = (scheduler: Scheduler, query: string, ...values: SqlStorageValue[]): number[] =>
  rowsOf<{ id: number }>(scheduler, query, ...values).map(({ id }) => id);

/** A late answer to a mailing that was stopped counts for no later one. */
const countSent = ({ sql }: Scheduler, { started_at }: RunRow): void =>
  void sql.exec("UPDATE mailing SET sent_count = sent_count + 1 WHERE started_at = ?", started_at);

function settleGroup(scheduler: Scheduler, id: number, { group, isSyncDue }: Verdict): void {
  const { sql } = scheduler;
  if (group === "posted")
    sql.exec("UPDATE groups SET last_posted_at = ?, refusals = 0 WHERE id = ?", Date.now(), id);
  else if (group)
    sql.exec(
      "UPDATE groups SET refusals = ?, out_reason = ? WHERE id = ?",
      group.refusals,
      group.outReason,
      id,
    );
  if (isSyncDue) queueNextSync(scheduler);
}

function settleAccount(scheduler: Scheduler, phone: number, { account }: Verdict): void {
  switch (account?.is) {
    case "waiting":
      scheduler.sql.exec("UPDATE accounts SET waits_until = ? WHERE phone = ?", account.until, phone);
      break;
    case "paused":
      scheduler.sql.exec(
        `UPDATE accounts SET state = 'paused', reason = 'peer_flood', paused_until = ?, limited_at = ?
         WHERE phone = ? AND state IN ('active', 'paused')`,
        ...[account.until, Date.now(), phone],
      );
      log("warn", "telegram.account_paused", { user: scheduler.user });
      break;
    case "signed_out":
      markSignedOut(scheduler, phone, account.reason);
  }
}

/**
 * Ends a run. What is still being sent has no answer any more.
 * @param reason why groups without a post get none: late, or why the mailing has stopped; null if none are left
 */
export function endRun(scheduler: Scheduler, run: RunRow, reason: string | null): void {
  const { sql, storage } = scheduler;
  storage.transactionSync(() => {
    sql.exec(
      `UPDATE deliveries SET state = 'unknown', reason = 'no_answer', ended_at = ?
       WHERE run_id = ? AND state = 'sending'`,
      ...[Date.now(), run.id],
    );
    if (reason) {
      const groups = idsOf(scheduler, `SELECT g.id FROM groups g WHERE ${POSTABLE}`);
      skipGroups(scheduler, run, groups, null, reason);
    }
    sql.exec("UPDATE runs SET ended_at = ? WHERE id = ?", Date.now(), run.id);
    if (!reason || reason === "late")
      sql.exec(
        "UPDATE mailing SET step = ? WHERE started_at = ? AND is_active = 1",
        ...[run.number + 1, run.started_at],
      );
  });
}
