import * as z from "zod";
import { log } from "../lib/log.ts";
import { backfill } from "./accounts/backfill.ts";
import { storeAttachments } from "./attachments/storage.ts";
import { type Ctx, createContext } from "./context.ts";
import { ProviderError } from "./provider/port.ts";
import { applyNotification } from "./webhooks/consumer.ts";

const Job = z.discriminatedUnion("type", [
  z.object({ type: z.literal("backfill"), account_id: z.string(), cursor: z.string().nullable() }),
  z.object({ type: z.literal("store_attachments"), message_id: z.string() }),
]);

async function runJob(ctx: Ctx, body: unknown): Promise<void> {
  const job = Job.parse(body);
  if (job.type === "backfill") return backfill(ctx, job.account_id, job.cursor);
  return storeAttachments(ctx, job.message_id);
}

const MAX_DELAY_SECONDS = 3600;

/** A consumer that takes each message for itself: one that fails comes again later and holds up no other. */
const consumer =
  (handle: (ctx: Ctx, body: unknown) => Promise<void>): ExportedHandlerQueueHandler<Env> =>
  async (batch, env, execution) => {
    const ctx = createContext(env, (work) => execution.waitUntil(work));
    await Promise.all(
      batch.messages.map(async (message) => {
        try {
          await handle(ctx, message.body);
          message.ack();
        } catch (error) {
          log("error", "queue.failed", {
            queue: batch.queue,
            id: message.id,
            attempts: message.attempts,
            error,
          });
          message.retry({ delaySeconds: delayOf(error, message.attempts) });
        }
      }),
    );
  };

function delayOf(error: unknown, attempts: number): number {
  const asked = error instanceof ProviderError ? (error.retryAfterSeconds ?? 0) : 0;
  return Math.min(Math.max(asked, 2 ** attempts), MAX_DELAY_SECONDS);
}

/** By the names in wrangler.toml. */
export const queues: Record<string, ExportedHandlerQueueHandler<Env>> = {
  "xabar-webhooks": consumer(applyNotification),
  "xabar-jobs": consumer(runJob),
};
