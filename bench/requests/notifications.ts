import { createNylasSim } from "../../dev/nylas/sim.ts";
import { messageObject } from "../../dev/nylas/store/message-object.ts";
import { MESSAGES_PER_THREAD } from "../support/fill.ts";
import { signNotification } from "../support/notification.ts";
import { receiveMail } from "../support/tenant.ts";
import type { Secrets } from "../support/worker.ts";
import type { Request } from "./load.ts";

/**
 * Signed notifications of new messages of medium size. They contain the headers, so the receiver need not fetch them.
 * @param grantId grant of the mailbox
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
    return {
      method: "POST",
      path: "/webhooks/nylas",
      ...signNotification(secrets, "message.created", object),
    };
  });
}
