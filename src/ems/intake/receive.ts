import { nowSeconds, toIso } from "../../lib/time.ts";
import type { Ctx } from "../context.ts";
import type { ReceivedPush } from "../provider/connector.ts";
import type { QueuedNotification } from "./notification.ts";

/** A queue message holds 128 KB, with what the queue adds; a larger one is read from R2. */
const MAX_QUEUED_BYTES = 100_000;

/** R2 keys of notifications: `notifications/{day}/{id}.json`, so that a day's can be removed together. */
export const NOTIFICATIONS = "notifications/";

/** @param receivedAt seconds since the epoch */
export const notificationKey = (receivedAt: number, id: string): string =>
  `${NOTIFICATIONS}${toIso(receivedAt).slice(0, 10)}/${encodeURIComponent(id)}.json`;

/**
 * Puts a notification where it cannot get lost, and has it applied later.
 * @throws Error when R2 or the queue fails; the provider must then send it again
 */
export async function keepNotification({ env }: Ctx, { id, body, bytes }: ReceivedPush): Promise<void> {
  const received_at = nowSeconds();
  const key = notificationKey(received_at, id);
  const queued: QueuedNotification = { key, received_at };
  const put = () => env.ATTACHMENTS.put(key, bytes, { httpMetadata: { contentType: "application/json" } });
  if (bytes.byteLength <= MAX_QUEUED_BYTES) {
    // Should one of the two fail, the repetition does both again, and is applied once all the same.
    await Promise.all([put(), env.WEBHOOKS.send({ ...queued, notification: body })]);
    return;
  }
  await put();
  await env.WEBHOOKS.send(queued);
}
