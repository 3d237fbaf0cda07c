import { sign } from "../../dev/nylas/webhooks/signing.ts";
import type { Secrets } from "./worker.ts";

/** A notification for `/webhooks/nylas`. */
export interface Signed {
  headers: Record<string, string>;
  body: Buffer<ArrayBuffer>;
}

/**
 * Signs a notification.
 * @param type its trigger, such as "message.created"
 * @param object the object of the notification
 * @param id id of the notification; duplicates have the same
 */
export function signNotification(
  { NYLAS_WEBHOOK_SECRET }: Secrets,
  type: string,
  object: object,
  id: string = crypto.randomUUID(),
): Signed {
  const notification = {
    ...{ specversion: "1.0", type, source: "/google/emails/realtime", id },
    ...{ time: Math.floor(Date.now() / 1000), webhook_delivery_attempt: 1 },
    data: { application_id: "bench", object },
  };
  const body = Buffer.from(JSON.stringify(notification));
  const signature = sign(NYLAS_WEBHOOK_SECRET, body);
  return { headers: { "content-type": "application/json", "x-nylas-signature": signature }, body };
}
