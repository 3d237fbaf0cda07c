import { log } from "../platform/log.ts";
import { createConsumer } from "../platform/queues.ts";
import { noteCompanies } from "../platform/work.ts";
import { storeAttachments } from "./attachments/fetch.ts";
import { type Ctx, createContext, ofCompany } from "./context.ts";
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

async function runJob(anywhere: Ctx, body: unknown): Promise<void> {
  const job = Job().parse(body);
  const ctx = ofJob(anywhere, job);
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

function ofJob(ctx: Ctx, { company_id }: Job): Ctx {
  if (typeof company_id !== "number") return ctx;
  noteCompanies([company_id]);
  return ofCompany(ctx, company_id);
}

/**
 * Handles a job that failed every retry. Only a backfill is marked as failed, so that cron resumes it. Cron also
 * starts new sweeps and checks the outbox. The company's next event, or a stream's reconnect within 30 minutes,
 * replaces a lost hub call. Downloads fetch missing attachments.
 */
async function giveUpOnJob(ctx: Ctx, body: unknown): Promise<void> {
  const { data: job, error } = Job().safeParse(body);
  if (!job) return log("error", "job.malformed", { error });
  log("error", "job.given_up", { type: job.type });
  if (job.type === "backfill") await failBackfill(ofJob(ctx, job), job);
}

const MAX_POSTPONED_SECONDS = 3600;
const RATE_LIMIT_SECONDS = 30;
/**
 * A dead-letter queue tries 100 times (wrangler.toml). Before the last try a message returns to its first queue.
 */
const LAST_TRY = 90;

/** Postpones without counting a failure: a rate limit is not the message's fault. */
function onRateLimit(error: unknown): number | null {
  if (!isProviderError(error, "rate_limited")) return null;
  return Math.min(error.retryAfterSeconds ?? RATE_LIMIT_SECONDS, MAX_POSTPONED_SECONDS);
}

/** If parking fails too, the database is down. Then the message starts over. */
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
export const deadJobs = createConsumer({ ...ofJobs, handle: giveUpOnJob, postponed: onLongOutage });
