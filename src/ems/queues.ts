import * as z from "zod/mini";
import { log } from "../lib/log.ts";
import { backfill, failBackfill } from "./accounts/backfill.ts";
import { sweep } from "./accounts/sweep.ts";
import { storeAttachments } from "./attachments/storage.ts";
import { type Ctx, createContext } from "./context.ts";
import { hubOf } from "./events/log.ts";
import { readBounce } from "./messages/bounces.ts";
import { workOn } from "./outbox/due.ts";
import { ProviderError } from "./provider/port.ts";
import { consumeNotification, parkNotification } from "./webhooks/consumer.ts";

const cursor = z.nullable(z.string());

const Job = z.discriminatedUnion("type", [
  z.object({ type: z.literal("backfill"), account_id: z.string(), run: z.string(), cursor }),
  z.object({
    type: z.literal("sweep"),
    account_id: z.string(),
    window: z.nullable(
      z.object({ from: z.number(), until: z.number(), seen: z.number(), cursor: z.string() }),
    ),
  }),
  z.object({ type: z.literal("store_attachments"), message_id: z.string() }),
  z.object({ type: z.literal("bounce"), message_id: z.string(), references: z.array(z.string()) }),
  z.object({ type: z.literal("ring"), company_id: z.int() }),
  z.object({ type: z.literal("outbox"), id: z.string() }),
]);

async function runJob(ctx: Ctx, body: unknown): Promise<void> {
  const job = Job.parse(body);
  if (job.type === "backfill") return backfill(ctx, job);
  if (job.type === "sweep") return sweep(ctx, job);
  if (job.type === "ring") return hubOf(ctx.env, job.company_id).ring();
  if (job.type === "bounce") return readBounce(ctx, job);
  if (job.type === "outbox") return workOn(ctx, job.id);
  return storeAttachments(ctx, job.message_id);
}

/** Of jobs only a backfill is missed: cron makes up for the rest, and attachments are stored when asked for. */
async function buryJob(ctx: Ctx, body: unknown): Promise<void> {
  const job = Job.parse(body);
  log("error", "job.given_up", { type: job.type });
  if (job.type === "backfill") await failBackfill(ctx, job);
}

type Handle = (ctx: Ctx, body: unknown) => Promise<void>;

const MAX_DELAY_SECONDS = 3600;
const RATE_LIMIT_SECONDS = 30;

/**
 * A consumer that takes each message for itself: one that fails comes again later and holds up no other.
 * @param source the binding of the queue, to which a message goes back without having lost a try when the
 *   provider's limit was reached
 */
const consumer =
  (handle: Handle, source?: "WEBHOOKS" | "JOBS"): ExportedHandlerQueueHandler<Env> =>
  async (batch, env, execution) => {
    const ctx = createContext(env, execution);
    await Promise.all(
      batch.messages.map(async (message) => {
        try {
          await handle(ctx, message.body);
        } catch (error) {
          log("error", "queue.failed", {
            queue: batch.queue,
            id: message.id,
            attempts: message.attempts,
            error,
          });
          if (!source || !(await postpone(env[source], message.body, error))) {
            return message.retry({ delaySeconds: Math.min(2 ** message.attempts, MAX_DELAY_SECONDS) });
          }
        }
        message.ack();
      }),
    );
  };

async function postpone(queue: Queue, body: unknown, error: unknown): Promise<boolean> {
  if (!(error instanceof ProviderError) || error.fault !== "rate_limited") return false;
  const delaySeconds = Math.min(error.retryAfterSeconds ?? RATE_LIMIT_SECONDS, MAX_DELAY_SECONDS);
  return queue.send(body, { delaySeconds }).then(
    () => true,
    () => false,
  );
}

/** By the names in wrangler.toml. */
export const queues: Record<string, ExportedHandlerQueueHandler<Env>> = {
  "xabar-webhooks": consumer(consumeNotification, "WEBHOOKS"),
  "xabar-webhooks-dead": consumer(parkNotification),
  "xabar-jobs": consumer(runJob, "JOBS"),
  "xabar-jobs-dead": consumer(buryJob),
};
