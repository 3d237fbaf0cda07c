import { sweepFiles, sweepsAt } from "./content.ts";
import { runRuns } from "./run.ts";
import { runsAt } from "./settings.ts";
import { settleAccounts, settlesAt } from "./sign-in.ts";
import type { Scheduler } from "./state.ts";
import { runSync, syncsAt } from "./sync.ts";

/** What an object does by itself: when each is due, and what then is done. Runs come first: they have a time to keep. */
const WORK: [dueAt: (scheduler: Scheduler) => number | null, run: (scheduler: Scheduler) => Promise<void>][] =
  [
    [runsAt, runRuns],
    [settlesAt, settleAccounts],
    [syncsAt, runSync],
    [sweepsAt, sweepFiles],
  ];

/** When the next work is due, in milliseconds since the epoch; null without any. */
export function dueAt(scheduler: Scheduler): number | null {
  const times = WORK.flatMap(([at]) => at(scheduler) ?? []);
  return times.length ? Math.min(...times) : null;
}

/** Does what is due. */
export async function runDue(scheduler: Scheduler): Promise<void> {
  for (const [at, run] of WORK) {
    const due = at(scheduler);
    if (due !== null && due <= Date.now()) await run(scheduler);
  }
}
