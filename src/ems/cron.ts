import { log } from "../platform/log.ts";
import { type Ctx, ofEachShard } from "./context.ts";
import { removeExpired } from "./housekeeping.ts";
import { resumeBackfills } from "./intake/backfill.ts";
import { replayDue } from "./intake/ledger.ts";
import { scheduleSweeps } from "./intake/sweep.ts";
import { enqueueDue } from "./sending/due.ts";

/**
 * Cron: mail that is due, history and sweeps, what an outage has parked, and the removal of what is kept for a time
 * only. A step that fails keeps no other from its turn, and a database that is down none of another's.
 */
export async function runCron(everywhere: Ctx): Promise<void> {
  for (const step of [enqueueDue, resumeBackfills, scheduleSweeps, replayDue]) {
    for (const ctx of ofEachShard(everywhere)) await attempt(step, ctx);
  }
  await attempt(removeExpired, everywhere);
}

const attempt = (step: (ctx: Ctx) => Promise<void>, ctx: Ctx): Promise<void> =>
  step(ctx).catch((error) => log("error", "cron.failed", { step: step.name, shards: ctx.shards, error }));
