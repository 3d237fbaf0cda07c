import { type Outgoing, sendAll } from "../platform/queues.ts";
import type { Ctx } from "./context.ts";
import type { Job } from "./job-schema.ts";

/** Queues delay a message by twelve hours at most. */
const MAX_DELAY_SECONDS = 43_200;

/** Enqueues a job. @throws Error when the queue fails */
export async function enqueueJob({ env }: Ctx, job: Job, delaySeconds = 0): Promise<void> {
  const delay = Math.min(Math.max(delaySeconds, 0), MAX_DELAY_SECONDS);
  await env.JOBS.send(job, delay > 0 ? { delaySeconds: delay } : {});
}

/** Enqueues any number of jobs. @throws Error when the queue fails; some jobs may be queued by then */
export const enqueueJobs = ({ env }: Ctx, jobs: Outgoing<Job>[]): Promise<void> =>
  sendAll<Job>(env.JOBS, jobs);
