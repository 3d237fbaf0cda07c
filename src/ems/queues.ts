import * as z from "zod/mini";
import { log } from "../platform/log.ts";
import { storeAttachments } from "./attachments/fetch.ts";
import { type Ctx, createContext } from "./context.ts";
import { erase } from "./erasure/erase.ts";
import { hubOf } from "./events/log.ts";
import { readBounce } from "./ingest/bounces.ts";
import { backfill, failBackfill } from "./intake/backfill.ts";
import { consumeNotification, parkNotification } from "./intake/consumer.ts";
import { sweep } from "./intake/sweep.ts";
import { isOutage } from "./outage.ts";
import { ProviderError } from "./provider/port.ts";
import { workOn } from "./sending/due.ts";

const cursor = z.nullable(z.string());

const Job = z.discriminatedUnion("type", [
  z.object({ type: z.literal("backfill"), account_id: z.string(), run: z.string(), cursor }),
  z.object({
    type: z.literal("sweep"),
    account_id: z.string(),
    since: z.optional(z.int()),
    window: z.nullable(
      z.object({ from: z.number(), until: z.number(), seen: z.number(), cursor: z.string() }),
    ),
  }),
  z.object({ type: z.literal("store_attachments"), message_id: z.string() }),
  z.object({ type: z.literal("bounce"), message_id: z.string(), references: z.array(z.string()) }),
  z.object({ type: z.literal("ring"), company_id: z.int() }),
  z.object({ type: z.literal("outbox"), id: z.string() }),
  z.object({ type: z.literal("erase"), company_id: z.int(), account_id: z.string() }),
]);

async function runJob(ctx: Ctx, body: unknown): Promise<void> {
  const job = Job.parse(body);
  if (job.type === "backfill") return backfill(ctx, job);
  if (job.type === "sweep") return sweep(ctx, job);
  if (job.type === "ring") return hubOf(ctx.env, job.company_id).ring();
  if (job.type === "bounce") return readBounce(ctx, job);
  if (job.type === "outbox") return workOn(ctx, job.id);
  if (job.type === "erase") return erase(ctx, job);
  return storeAttachments(ctx, job.message_id);
}

/**
 * Of jobs only a backfill is missed, and cron takes it up again. It begins sweeps anew, and looks at the outbox; what
 * nobody was rung for is told with the company's next event, or when a stream comes back within 30 minutes; files are
 * stored when asked for.
 */
async function buryJob(ctx: Ctx, body: unknown): Promise<void> {
  const job = Job.parse(body);
  log("error", "job.given_up", { type: job.type });
  if (job.type === "backfill") await failBackfill(ctx, job);
}

type Handle = (ctx: Ctx, body: unknown) => Promise<void>;

/** The gaps between tries grow up to this: with `max_retries` in wrangler.toml they outlast some eight hours. */
const MAX_DELAY_SECONDS = 900;
const MAX_POSTPONED_SECONDS = 3600;
const RATE_LIMIT_SECONDS = 30;
/** What cannot even be parked (its database is away) goes back to the first queue before its 100 tries there are over. */
const LAST_TRY = 90;

type Source = "WEBHOOKS" | "JOBS";

/**
 * A consumer that takes each message for itself: one that fails comes again later and holds up no other.
 * @param isOver whether a message that has failed is better put back into its first queue, as a new one
 * @param source the binding of that queue
 */
const consumer =
  (
    handle: Handle,
    source: Source,
    isOver: (error: unknown, message: Message) => boolean,
  ): ExportedHandlerQueueHandler<Env> =>
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
          if (!isOver(error, message) || !(await putBack(env[source], message.body, error))) {
            return message.retry({ delaySeconds: Math.min(2 ** message.attempts, MAX_DELAY_SECONDS) });
          }
        }
        message.ack();
      }),
    );
  };

/** The provider's limit is no fault of the message: it loses no try. */
const isLimited = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault === "rate_limited";

const isWornOut = (error: unknown, { attempts }: Message): boolean => attempts >= LAST_TRY && isOutage(error);

function putBack(queue: Queue, body: unknown, error: unknown): Promise<boolean> {
  const wanted = error instanceof ProviderError ? error.retryAfterSeconds : null;
  const delaySeconds = Math.min(wanted ?? RATE_LIMIT_SECONDS, MAX_POSTPONED_SECONDS);
  return queue.send(body, { delaySeconds }).then(
    () => true,
    () => false,
  );
}

/** By the names in wrangler.toml. */
const queues: Record<string, ExportedHandlerQueueHandler<Env>> = {
  "xabar-webhooks": consumer(consumeNotification, "WEBHOOKS", isLimited),
  "xabar-webhooks-dead": consumer(parkNotification, "WEBHOOKS", isWornOut),
  "xabar-jobs": consumer(runJob, "JOBS", isLimited),
  "xabar-jobs-dead": consumer(buryJob, "JOBS", isWornOut),
};

/**
 * The consumer of a queue.
 * @throws Error for a name that is not known: the platform would take its messages for handled, and forget them
 */
export function consumerOf(name: string): ExportedHandlerQueueHandler<Env> {
  const found = Object.hasOwn(queues, name) ? queues[name] : undefined;
  if (!found) throw new Error(`No consumer is known for the queue ${name}`);
  return found;
}
