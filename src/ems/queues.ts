import { log } from "../platform/log.ts";
import { createConsumer } from "../platform/queues.ts";
import { storeAttachments } from "./attachments/fetch.ts";
import { type Ctx, createContext } from "./context.ts";
import { erase } from "./erasure/erase.ts";
import { hubOf } from "./events/hub-client.ts";
import { readBounce } from "./ingest/bounces.ts";
import { backfill, failBackfill } from "./intake/backfill.ts";
import { consumeNotification, parkNotification } from "./intake/consumer.ts";
import { sweep } from "./intake/sweep.ts";
import { Job } from "./job-schema.ts";
import { isOutage } from "./outage.ts";
import { isProviderError } from "./provider/port.ts";
import { runOutboxJob } from "./sending/due.ts";

async function runJob(ctx: Ctx, body: unknown): Promise<void> {
  const job = Job.parse(body);
  switch (job.type) {
    case "backfill":
      return backfill(ctx, job);
    case "sweep":
      return sweep(ctx, job);
    case "store_attachments":
      return storeAttachments(ctx, job.message_id);
    case "bounce":
      return readBounce(ctx, job);
    case "notify_hub":
    case "ring":
      return hubOf(ctx.env, job.company_id).notify();
    case "outbox":
      return runOutboxJob(ctx, job.id);
    case "erase":
      return erase(ctx, job);
  }
}

/**
 * Only a backfill that is given up needs a word, so that cron resumes it. Cron starts new sweeps and looks at the
 * outbox itself. A lost hub call is made up for by the company's next event, or when a stream reconnects within
 * 30 minutes. Files are fetched when asked for.
 */
async function buryJob(ctx: Ctx, body: unknown): Promise<void> {
  const { data: job, error } = Job.safeParse(body);
  if (!job) return log("error", "job.malformed", { error });
  log("error", "job.given_up", { type: job.type });
  if (job.type === "backfill") await failBackfill(ctx, job);
}

const MAX_POSTPONED_SECONDS = 3600;
const RATE_LIMIT_SECONDS = 30;
/** A dead queue tries 100 times (wrangler.toml). Before that is over, a message goes back to its first queue. */
const LAST_TRY = 90;

/** The provider's limit is no fault of the message. */
function onRateLimit(error: unknown): number | null {
  if (!isProviderError(error, "rate_limited")) return null;
  return Math.min(error.retryAfterSeconds ?? RATE_LIMIT_SECONDS, MAX_POSTPONED_SECONDS);
}

/** Where not even parking works, the database is away: the message starts over. */
const onLongOutage = (error: unknown, { attempts }: Message): number | null =>
  attempts >= LAST_TRY && isOutage(error) ? RATE_LIMIT_SECONDS : null;

const ofWebhooks = { context: createContext, source: (env: Env) => env.WEBHOOKS };
const ofJobs = { context: createContext, source: (env: Env) => env.JOBS };

export const notifications = createConsumer({
  ...ofWebhooks,
  handle: consumeNotification,
  postponed: onRateLimit,
});
export const deadNotifications = createConsumer({
  ...ofWebhooks,
  handle: parkNotification,
  postponed: onLongOutage,
});
export const jobs = createConsumer({ ...ofJobs, handle: runJob, postponed: onRateLimit });
export const deadJobs = createConsumer({ ...ofJobs, handle: buryJob, postponed: onLongOutage });
