import * as z from "zod/mini";
import { type Infer, lazy } from "../../lib/lazy.ts";
import type { ConnectedAccount } from "../ingest/state.ts";
import type { Change } from "../provider/changes.ts";

/**
 * A notification on its way through the queue: its bytes, or the R2 key of them.
 * Security: it holds the content of a mail, so it must never be logged.
 */
export const QueuedNotification = lazy(() =>
  z.object({
    /** Seconds since the epoch. */
    received_at: z.int(),
    /** JSON, as it came. */
    bytes: z.optional(z.custom<Uint8Array>((value) => value instanceof Uint8Array)),
    /** Of bytes that lie in R2: a large notification's, or those of one that was parked. */
    key: z.optional(z.string()),
    /** An admin wants it applied again, even if it was applied before. */
    replay: z.optional(z.boolean()),
    /** The parsed bytes, in messages of earlier versions. Their bytes lie in R2 as well. */
    notification: z.optional(z.unknown()),
  }),
);
export type QueuedNotification = Infer<typeof QueuedNotification>;

/**
 * Sends a notification to the queue. In this format the message is less than 100 bytes larger than its bytes. JSON
 * would grow with what they contain.
 * @throws Error when the queue fails
 */
export async function enqueueNotification(env: Env, queued: QueuedNotification): Promise<void> {
  await env.WEBHOOKS.send(queued, { contentType: "v8" });
}

/** A change at the provider that is about an account of ours. */
export interface AccountChange<C extends Change = Change> {
  account: ConnectedAccount;
  change: C;
  /** Names the notification. Each raises its events once. */
  cause: string;
  /** When the reported state was true, in milliseconds. */
  observedAt: number;
  /** When the report came, in seconds since the epoch. */
  receivedAt: number;
  /** It comes again from the ledger, long after it was true. */
  isReplay: boolean;
}
