import { log } from "../platform/log.ts";
import type { Ctx } from "./context.ts";
import { removeExpired, removeExpiredOfUsers } from "./housekeeping.ts";
import { moveInlineBodies } from "./ingest/inline-bodies.ts";
import { resumeBackfills } from "./intake/backfill.ts";
import { replayDue } from "./intake/ledger.ts";
import { scheduleSweeps } from "./intake/sweep.ts";
import { enqueueDue } from "./sending/due.ts";

/** The steps for the rows of companies. */
const OF_COMPANIES = [
  enqueueDue,
  resumeBackfills,
  scheduleSweeps,
  replayDue,
  moveInlineBodies,
  removeExpired,
];

/**
 * Cron: enqueues due mail, backfills and sweeps, replays parked notifications, moves bodies out of rows, and removes
 * expired rows. A failed step blocks no other.
 */
export const runCron = (ctx: Ctx): Promise<void> => runSteps(ctx, [...OF_COMPANIES, removeExpiredOfUsers]);

/** Cron of a company in a Durable Object of its own. @param report its last step */
export const runCompanyCron = (ctx: Ctx, report: () => Promise<void>): Promise<void> =>
  runSteps(ctx, [...OF_COMPANIES, report]);

async function runSteps(ctx: Ctx, steps: ((ctx: Ctx) => Promise<void>)[]): Promise<void> {
  for (const step of steps) {
    const failed = (error: unknown) =>
      log("error", "cron.failed", { step: step.name, database: ctx.db.name, error });
    await step(ctx).catch(failed);
  }
}
