import { log } from "../platform/log.ts";
import type { Ctx } from "./context.ts";
import { finishDeletions } from "./users/erase.ts";
import { wakeMailings } from "./users/wake.ts";

/** Rounds of one step, so that a run ends in time. */
const ROUNDS = 10;

/** Each does a bounded part, and returns how much it did: 0 at the end. */
const STEPS: Record<string, (ctx: Ctx) => Promise<number>> = { wakeMailings, finishDeletions };

/** Cron: wakes running mailings, and finishes deletions. A failed step blocks no other. */
export async function runCron(ctx: Ctx): Promise<void> {
  for (const [step, run] of Object.entries(STEPS)) {
    try {
      for (let round = 0; round < ROUNDS && (await run(ctx)) > 0; round++);
    } catch (error) {
      log("error", "cron.failed", { module: "telegram", step, error });
    }
  }
}
