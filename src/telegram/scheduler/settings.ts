import { log } from "../../platform/log.ts";
import { rowOf } from "../../platform/rows.ts";
import { listAccounts } from "./accounts.ts";
import { countSteps, nextPlannedAt, type Timetable, timetableOf } from "./arithmetic.ts";
import { refreshBlocked } from "./blocked.ts";
import type { Change, Mailing, StartCode, Status } from "./contract.ts";
import { listGroups } from "./groups.ts";
import { endRun, stopMailing } from "./ledger.ts";
import { countPostable, endPauses, hasAccount, mailingOf, mediaOf, openRun, timetableOfRow } from "./rows.ts";
import type { Scheduler } from "./state.ts";
import { forgetActive, noteActive } from "./user.ts";

/** What the first page of a client shows. */
export const showStatus = (scheduler: Scheduler): Status => ({
  accountsCount: listAccounts(scheduler).length,
  groupsCount: listGroups(scheduler).length,
  mailing: showMailing(scheduler),
});

/** The mailing as it is. Its numbers follow the groups of now, and stay what they were at the start while it runs. */
export function showMailing(scheduler: Scheduler): Mailing {
  const row = mailingOf(scheduler);
  const { frequency, duration } = row;
  const isActive = row.is_active === 1;
  const timetable = timetableOfRow(row);
  const steps = countSteps(frequency, duration);
  return {
    text: row.text,
    media: mediaOf(row.media),
    frequency,
    duration,
    isActive,
    sentCount: row.sent_count,
    maxRuns: (isActive ? row.max_runs : null) ?? steps * countPostable(scheduler),
    nextRunAt: isActive && timetable ? nextPlannedAt(timetable, Date.now()) : null,
    startedAt: row.started_at,
    endsAt: row.ends_at,
    step: row.step,
    maxSteps: (isActive ? row.max_steps : null) ?? steps,
  };
}

/** Changes how often and for how long is posted, in seconds. The dates of the last start are of no use then. */
export function changeInterval(
  scheduler: Scheduler,
  interval: { frequency: number; duration: number },
): Change {
  if (mailingOf(scheduler).is_active) return { ok: false, code: "active" };
  scheduler.sql.exec(
    `UPDATE mailing SET frequency = ?, duration = ?, started_at = NULL, ends_at = NULL, first_run_at = NULL,
       max_steps = NULL, max_runs = NULL, step = 0`,
    ...[interval.frequency, interval.duration],
  );
  return { ok: true, mailing: showMailing(scheduler) };
}

type Started = { ok: true; mailing: Mailing } | { ok: false; code: StartCode };

/** Starts the mailing. One that runs goes on as it is. @param isSubscribed whether the subscription counts today */
export async function start(scheduler: Scheduler, isSubscribed: boolean): Promise<Started> {
  if (!mailingOf(scheduler).is_active) {
    await refreshBlocked(scheduler);
    const { frequency, duration } = mailingOf(scheduler);
    const startedAt = startTime(scheduler);
    const code = refusalOf(scheduler, isSubscribed);
    if (code || !frequency || !duration) return { ok: false, code: code ?? "no_interval" };
    const timetable = timetableOf(startedAt, { frequency, duration }, lastBeginning(scheduler));
    // In the database first: cron then finds the mailing, whatever dies after this.
    if (!(await noteActive(scheduler, timetable.endsAt))) return { ok: false, code: "no_subscription" };
    // Race: its interval, groups or content may be others by now.
    const now = mailingOf(scheduler);
    if (now.frequency !== frequency || now.duration !== duration) return start(scheduler, isSubscribed);
    const late = now.is_active ? null : refusalOf(scheduler, isSubscribed);
    if (late) return { ok: false, code: late };
    activate(scheduler, startedAt, timetable);
    // What failed before says nothing of the first run: it begins at once.
    scheduler.running.failures?.delete("runs");
  }
  await scheduler.wake();
  return { ok: true, mailing: showMailing(scheduler) };
}

/** Why a mailing cannot be started; null if it can. */
function refusalOf(scheduler: Scheduler, isSubscribed: boolean): StartCode | null {
  const { text, media, frequency, duration } = mailingOf(scheduler);
  endPauses(scheduler);
  if (!isSubscribed) return "no_subscription";
  if (!hasAccount(scheduler, { isPausedToo: false })) return "no_accounts";
  if (countPostable(scheduler) === 0) return "no_groups";
  if (text.trim() === "" && media === null) return "no_content";
  return frequency && duration ? null : "no_interval";
}

const activate = (scheduler: Scheduler, startedAt: number, timetable: Timetable): void =>
  void scheduler.sql.exec(
    `UPDATE mailing SET is_active = 1, started_at = ?, ends_at = ?, first_run_at = ?, max_steps = ?, max_runs = ?,
       step = 0, sent_count = 0, stop_reason = NULL WHERE is_active = 0`,
    ...[startedAt, timetable.endsAt, timetable.firstRunAt, timetable.maxSteps],
    timetable.maxSteps * countPostable(scheduler),
  );

/** Now, in whole seconds. Each start has another: it names the mailing's runs. */
function startTime(scheduler: Scheduler): number {
  const run = rowOf<{ at: number }>(scheduler, "SELECT started_at AS at FROM runs ORDER BY id DESC LIMIT 1");
  const last = Math.max(mailingOf(scheduler).started_at ?? 0, run?.at ?? 0);
  return Math.max(Math.floor(Date.now() / 1000) * 1000, last + 1000);
}

const lastBeginning = (scheduler: Scheduler): number | null =>
  rowOf<{ at: number }>(
    scheduler,
    "SELECT began_at AS at FROM runs WHERE began_at IS NOT NULL ORDER BY id DESC LIMIT 1",
  )?.at ?? null;

/** Stops the mailing, and the run that goes on. What is being posted at this moment is still counted. */
export async function stop(scheduler: Scheduler): Promise<Mailing> {
  const { is_active, ends_at } = mailingOf(scheduler);
  if (is_active) {
    stopMailing(scheduler, "user");
    const run = openRun(scheduler);
    if (run && !scheduler.running.run) endRun(scheduler, run, "stopped");
    if (ends_at !== null) await forgetActive(scheduler, ends_at).catch(leaveToCron);
  }
  return showMailing(scheduler);
}

const leaveToCron = (error: unknown): void => log("warn", "telegram.end_not_noted", { error });
