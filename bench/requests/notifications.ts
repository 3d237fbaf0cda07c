import { messageObject } from "../../dev/nylas/message-object.ts";
import { sign } from "../../dev/nylas/signing.ts";
import { createNylasSim } from "../../dev/nylas/sim.ts";
import { receiveMail } from "../support/tenant.ts";
import type { Secrets } from "../support/worker.ts";
import type { Request } from "./load.ts";

/** Of each thread, as in the mailbox that SQL has filled. */
const MESSAGES_PER_THREAD = 4;

/**
 * Signed notifications, ready to be posted, each of another new mail of middling length. They carry the mail's
 * headers, so that the receiver has nothing to ask the provider for.
 * @param grantId of the mailbox that the mails came to
 */
export function createNotifications(secrets: Secrets, grantId: string, count: number): Request[] {
  const sim = createNylasSim({ apiKey: secrets.NYLAS_API_KEY });
  const email = "team@demo.example";
  sim.addGrant({ email, provider: "google" });
  const template = messageObject(receiveMail(sim, email, "About an order"), "include_basic_headers");
  const run = crypto.randomUUID();
  return Array.from({ length: count }, (_, nth) => {
    const object = {
      ...template,
      ...{ id: `${run}-${nth}`, grant_id: grantId },
      thread_id: `${run}-${Math.floor(nth / MESSAGES_PER_THREAD)}`,
      headers: [{ name: "Message-ID", value: `<${run}-${nth}@out.example>` }],
    };
    return notify(secrets, object);
  });
}

function notify({ NYLAS_WEBHOOK_SECRET }: Secrets, object: object): Request {
  const notification = {
    specversion: "1.0",
    type: "message.created",
    source: "/google/emails/realtime",
    id: crypto.randomUUID(),
    time: Math.floor(Date.now() / 1000),
    webhook_delivery_attempt: 1,
    data: { application_id: "bench", object },
  };
  const body = Buffer.from(JSON.stringify(notification));
  const signature = sign(NYLAS_WEBHOOK_SECRET, body);
  const headers = { "content-type": "application/json", "x-nylas-signature": signature };
  return { method: "POST", path: "/webhooks/nylas", headers, body };
}
