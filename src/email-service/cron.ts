import { removeExpiredAnswers } from "../platform/idempotency/store.ts";
import { log } from "../platform/log.ts";
import { removeFormer } from "./accounts/former.ts";
import { answersOf } from "./answers.ts";
import { collectGarbage } from "./attachments/garbage.ts";
import type { Ctx } from "./context.ts";

/** Rounds of one step, so that a run ends in time. */
const ROUNDS = 10;

const STEPS: Record<string, (ctx: Ctx) => Promise<number>> = {
  removeExpiredAnswers: (ctx) => removeExpiredAnswers(answersOf(ctx)),
  collectGarbage,
  removeFormer,
};

/** Cron: removes what has expired. A failed step blocks no other. */
export async function runCron(ctx: Ctx): Promise<void> {
  for (const [step, run] of Object.entries(STEPS)) {
    try {
      for (let round = 0; round < ROUNDS && (await run(ctx)) > 0; round++);
    } catch (error) {
      log("error", "cron.failed", { module: "email-service", step, error });
    }
  }
}
