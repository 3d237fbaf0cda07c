import { type Outgoing, sendAll } from "../platform/queues.ts";
import type { Ctx } from "./context.ts";
import type { Job } from "./job-schema.ts";

/** A queue holds a message back for twelve hours at most. */
const MAX_DELAY_SECONDS = 43_200;

/** Puts a job into the queue. @throws Error when the queue fails */
export async function enqueueJob({ env }: Ctx, job: Job, delaySeconds = 0): Promise<void> {
  const delay = Math.min(Math.max(delaySeconds, 0), MAX_DELAY_SECONDS);
  await env.JOBS.send(job, delay > 0 ? { delaySeconds: delay } : {});
}

/** Puts any number of jobs into the queue. When it throws, some of them may be in it. */
export const enqueueJobs = ({ env }: Ctx, jobs: Outgoing<Job>[]): Promise<void> =>
  sendAll<Job>(env.JOBS, jobs);
