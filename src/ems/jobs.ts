import type { Ctx } from "./context.ts";

/** A queue takes so many messages at a time. */
const SEND_BATCH = 100;

/** Puts any number of messages into a queue. When it throws, some of them may be in it. */
export async function enqueueAll(queue: Queue, messages: MessageSendRequest[]): Promise<void> {
  for (let start = 0; start < messages.length; start += SEND_BATCH) {
    await queue.sendBatch(messages.slice(start, start + SEND_BATCH));
  }
}

/** Puts any number of jobs into their queue. */
export const enqueueJobs = ({ env }: Ctx, jobs: MessageSendRequest[]): Promise<void> =>
  enqueueAll(env.JOBS, jobs);
