import { log } from "../platform/log.ts";
import { type Ctx, ofEachPart } from "./context.ts";
import { removeExpired } from "./housekeeping.ts";
import { moveInlineBodies } from "./ingest/inline-bodies.ts";
import { resumeBackfills } from "./intake/backfill.ts";
import { replayDue } from "./intake/ledger.ts";
import { scheduleSweeps } from "./intake/sweep.ts";
import { enqueueDue } from "./sending/due.ts";

/**
 * Cron: enqueues due mail, backfills and sweeps, replays parked notifications, moves bodies out of rows, and removes
 * expired rows. A failed step, or a part of the database that is down, blocks no other.
 */
export async function runCron(ctx: Ctx): Promise<void> {
  for (const step of [enqueueDue, resumeBackfills, scheduleSweeps, replayDue, moveInlineBodies]) {
    for (const part of ofEachPart(ctx)) await runStep(step, part);
  }
  await runStep(removeExpired, ctx);
}

const runStep = (step: (ctx: Ctx) => Promise<void>, ctx: Ctx): Promise<void> =>
  step(ctx).catch((error) => log("error", "cron.failed", { step: step.name, database: ctx.db.name, error }));
