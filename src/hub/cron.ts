import { log } from "../platform/log.ts";
import { resumeDeletions } from "./accounts/erase.ts";
import { removeExpired } from "./auth/cleanup.ts";
import { removeTemporaryFiles } from "./chat/files/clean.ts";
import { clearRooms } from "./chat/rooms/remove.ts";
import { removeOldTickets } from "./chat/tickets.ts";
import type { Ctx } from "./context.ts";
import { removeOldAddresses, requestAddresses } from "./geo/addresses.ts";
import { removeOldLimits } from "./limits.ts";
import { giveUpMails, removeOldMails, repeatMails } from "./mail/send.ts";
import { deleteFiles, dropUnusedFiles } from "./media/clean.ts";
import { clearPosts } from "./posts/remove.ts";

/** Rounds of one step, so that a run ends in time. */
const ROUNDS = 10;

/** Each does a bounded part, and returns how much it did: 0 at the end. */
const STEPS: Record<string, (ctx: Ctx) => Promise<number>> = {
  removeOldLimits,
  removeExpired,
  removeOldTickets,
  giveUpMails,
  repeatMails,
  removeOldMails,
  dropUnusedFiles,
  removeTemporaryFiles,
  deleteFiles,
  clearPosts,
  clearRooms,
  resumeDeletions,
  requestAddresses,
  removeOldAddresses,
};

/** Cron: removes what has expired, and repeats what is due. A failed step blocks no other. */
export async function runCron(ctx: Ctx): Promise<void> {
  for (const [step, run] of Object.entries(STEPS)) {
    try {
      for (let round = 0; round < ROUNDS && (await run(ctx)) > 0; round++);
    } catch (error) {
      log("error", "cron.failed", { module: "hub", step, error });
    }
  }
}
