import { log } from "../../platform/log.ts";
import { sweepFiles, sweepsAt } from "./content.ts";
import { forgetRuns, forgetsAt } from "./retention.ts";
import { runRuns, runsAt } from "./run.ts";
import { settleSignIns, settlesAt } from "./sign-in.ts";
import type { Scheduler } from "./state.ts";
import { runSync, syncsAt } from "./sync.ts";

interface Work {
  dueAt(scheduler: Scheduler): number | null;
  run(scheduler: Scheduler): Promise<void>;
}

/** What an object does by itself. Runs come first: they have a time to keep. */
const WORK: Record<string, Work> = {
  runs: { dueAt: runsAt, run: runRuns },
  signIns: { dueAt: settlesAt, run: settleSignIns },
  sync: { dueAt: syncsAt, run: runSync },
  files: { dueAt: sweepsAt, run: sweepFiles },
  retention: { dueAt: forgetsAt, run: forgetRuns },
};

/** When the alarm goes off again if the object dies meanwhile. In milliseconds, as all lengths here. */
const WATCHDOG_MS = 60_000;
const FIRST_REST_MS = 5_000;
const LONGEST_REST_MS = 300_000;

/** When the next work is due, in milliseconds since the epoch; null without any. Never 0, which no alarm takes. */
export function dueAt(scheduler: Scheduler): number | null {
  const times = Object.keys(WORK).flatMap((name) => workDueAt(scheduler, name) ?? []);
  return times.length ? Math.max(1, Math.min(...times)) : null;
}

/** Work that has failed rests. */
function workDueAt(scheduler: Scheduler, name: string): number | null {
  const due = WORK[name]?.dueAt(scheduler) ?? null;
  return due === null ? null : Math.max(due, scheduler.running.failures?.get(name)?.until ?? 0);
}

/** Does what is due. It never fails. What fails is tried again later, and keeps nothing else from being done. */
export async function runDue(scheduler: Scheduler): Promise<void> {
  const isDue = (name: string) => (workDueAt(scheduler, name) ?? Number.POSITIVE_INFINITY) <= Date.now();
  if (!Object.keys(WORK).some(isDue)) return;
  await scheduler.storage.setAlarm(Date.now() + WATCHDOG_MS);
  for (const [name, work] of Object.entries(WORK)) if (isDue(name)) await attempt(scheduler, name, work);
}

async function attempt(scheduler: Scheduler, name: string, work: Work): Promise<void> {
  const { running, user } = scheduler;
  running.failures ??= new Map();
  try {
    await work.run(scheduler);
    running.failures.delete(name);
  } catch (error) {
    log("error", "telegram.work_failed", { user, step: name, error });
    const count = (running.failures.get(name)?.count ?? 0) + 1;
    const rest = Math.min(FIRST_REST_MS * 2 ** (count - 1), LONGEST_REST_MS);
    running.failures.set(name, { count, until: Date.now() + rest });
  }
}
