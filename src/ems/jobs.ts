import type { Ctx } from "./context.ts";

/** A queue takes so many messages at a time. */
const SEND_BATCH = 100;

/** Puts any number of jobs into their queue. */
export async function enqueueJobs({ env }: Ctx, jobs: MessageSendRequest[]): Promise<void> {
  for (let start = 0; start < jobs.length; start += SEND_BATCH) {
    await env.JOBS.sendBatch(jobs.slice(start, start + SEND_BATCH));
  }
}
