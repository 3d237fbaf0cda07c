import { expireSignIns, nextExpiry } from "./account/sign-in.ts";
import { nextTelling, tellStatus } from "./account/status.ts";
import type { MailboxContext } from "./context.ts";
import { nextCleaning, runCleaning } from "./housekeeping.ts";
import { nextSend, runSends } from "./sending/deliver.ts";
import { nextPass, runPass } from "./sync/pass.ts";

/** A kind of work: when it is due, in milliseconds since the epoch, or null; and what does it, and notes its failures. */
interface Work {
  next(ctx: MailboxContext): number | null;
  run(ctx: MailboxContext): Promise<void>;
}

const WORK: Work[] = [
  { next: nextSend, run: runSends },
  { next: nextPass, run: runPass },
  { next: nextCleaning, run: runCleaning },
  { next: nextExpiry, run: expireSignIns },
  { next: nextTelling, run: tellStatus },
];

/** When the next work is due; null for never. */
export function dueAt(ctx: MailboxContext): number | null {
  const times = WORK.flatMap(({ next }) => next(ctx) ?? []);
  return times.length === 0 ? null : Math.min(...times);
}

/** Runs all work that is due, each kind beside the others, and tells what has come of it. */
export async function runDue(ctx: MailboxContext): Promise<void> {
  const now = Date.now();
  const due = WORK.filter(({ next }) => (next(ctx) ?? Number.POSITIVE_INFINITY) <= now);
  const ends = await Promise.allSettled(due.map(({ run }) => run(ctx)));
  await tellStatus(ctx);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
