import { closesAt, cutAt, isMissed, latestRun, plannedAt } from "./arithmetic.ts";
import { beginRun, endMailing, missRuns, stopMailing } from "./ledger.ts";
import { postRun, whyOver } from "./post.ts";
import { hasAccount, mailingOf, openRun, type RunRow, timetableOfRow } from "./rows.ts";
import type { Scheduler } from "./state.ts";
import { forgetActive, lookUpForRun } from "./user.ts";

/** How long the alarm works at a time, in milliseconds. Then it sets itself again. */
const SLICE_MS = 60_000;

/** When runs have something to do: null while none is due, and while they do it. */
export function runsAt(scheduler: Scheduler): number | null {
  const { run, memory } = scheduler.running;
  if (run) return null;
  const mailing = mailingOf(scheduler);
  const timetable = timetableOfRow(mailing);
  const open = openRun(scheduler);
  if (open) {
    // After a death nothing is remembered: the run goes on at once.
    if (memory?.run !== open.id || whyOver(open, mailing, Date.now())) return Date.now();
    return timetable ? Math.min(memory.restsUntil, cutAt(timetable, open.number)) : Date.now();
  }
  if (!mailing.is_active || !timetable) return null;
  return mailing.step < timetable.maxSteps ? plannedAt(timetable, mailing.step) : closesAt(timetable);
}

/** Begins, continues and ends runs, as they are due, for as long as a slice. No two calls work at the same time. */
export async function runRuns(scheduler: Scheduler): Promise<void> {
  const { running } = scheduler;
  if (running.run) return;
  running.run = work(scheduler, Date.now() + SLICE_MS);
  try {
    await running.run;
  } finally {
    delete running.run;
  }
}

async function work(scheduler: Scheduler, until: number): Promise<void> {
  for (;;) {
    const run = openRun(scheduler) ?? (await beginNext(scheduler));
    if (!run || !(await postRun(scheduler, run, until))) break;
  }
  const { is_active, ends_at } = mailingOf(scheduler);
  // Nothing waits for this: cron forgets a mailing a day after its end.
  if (!is_active && ends_at !== null) await forgetActive(scheduler, ends_at);
}

/**
 * Begins the run that is due, and counts those before it as done that were missed. Ends the mailing after its last one.
 * @returns the run; undefined if none is to begin now
 */
async function beginNext(scheduler: Scheduler): Promise<RunRow | undefined> {
  if (catchUp(scheduler) === null) return undefined;
  const isSubscribed = await lookUpForRun(scheduler);
  // It may have been stopped meanwhile.
  const next = catchUp(scheduler);
  if (next === null) return undefined;
  if (!isSubscribed) stopMailing(scheduler, "no_subscription");
  else if (!hasAccount(scheduler, { isPausedToo: true })) stopMailing(scheduler, "no_accounts");
  else beginRun(scheduler, mailingOf(scheduler), next.number, next.plannedAt);
  return openRun(scheduler);
}

/** Counts missed runs as done, and ends a mailing that is over. @returns the run that is to begin now; null if none is */
function catchUp(scheduler: Scheduler): { number: number; plannedAt: number } | null {
  const mailing = mailingOf(scheduler);
  const timetable = timetableOfRow(mailing);
  if (!mailing.is_active || !timetable) return null;
  const now = Date.now();
  if (now >= closesAt(timetable)) {
    endMailing(scheduler, mailing, timetable);
    return null;
  }
  const number = latestRun(timetable, now);
  const isTooLate = isMissed(timetable, number, now);
  missRuns(scheduler, mailing, timetable, isTooLate ? number + 1 : number);
  return isTooLate || number < mailing.step ? null : { number, plannedAt: plannedAt(timetable, number) };
}
