import { nowSeconds, toIso } from "../../lib/time.ts";
import type { Ctx } from "../context.ts";
import type { ReceivedPush } from "../provider/connector.ts";
import { enqueueNotification } from "./notification.ts";

/**
 * A queue message holds 128,000 bytes. The rest is room for the queue's own data, about 100 bytes, and for what this
 * Worker adds: see `enqueueNotification`.
 */
export const MAX_QUEUED_BYTES = 100_000;

/** R2 keys of notifications: `notifications/{day}/{id}.json`, so that a day's can be removed together. */
export const NOTIFICATIONS = "notifications/";

/** @param receivedAt seconds since the epoch */
export const notificationKey = (receivedAt: number, id: string): string =>
  `${NOTIFICATIONS}${toIso(receivedAt).slice(0, 10)}/${encodeURIComponent(id)}.json`;

/**
 * Puts a notification where it cannot get lost, and has it applied later: into the queue, and a large one into R2.
 * @throws Error when the queue fails, or R2 for a large one; the provider must then send it again
 */
export async function keepNotification({ env }: Ctx, { id, bytes }: ReceivedPush): Promise<void> {
  const received_at = nowSeconds();
  if (bytes.byteLength <= MAX_QUEUED_BYTES) return enqueueNotification(env, { received_at, bytes });
  const key = notificationKey(received_at, id);
  await env.ATTACHMENTS.put(key, bytes, { httpMetadata: { contentType: "application/json" } });
  await enqueueNotification(env, { received_at, key });
}
