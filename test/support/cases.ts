import { env, exports } from "cloudflare:workers";
import { hmacHex } from "../../src/lib/hmac.ts";
import { caseText } from "./case-text.ts";
import { unique } from "./client.ts";

/** The mails of a case, to complete and notify, in order. */
export function caseObjects(
  name: string,
  { grant, mailbox, message = "" }: { grant: string; mailbox: string; message?: string },
): Record<string, unknown>[] {
  const text = caseText(name)
    .replaceAll('"GRANT"', JSON.stringify(grant))
    .replaceAll('"MAILBOX"', JSON.stringify(mailbox))
    .replaceAll('"MESSAGE"', JSON.stringify(message));
  return [JSON.parse(text)].flat();
}

/** Posts a signed notification with any object. @returns the response status */
export async function postNotification(
  type: string,
  object: Record<string, unknown>,
  time: unknown = Math.floor(Date.now() / 1000),
): Promise<number> {
  const id = `case-${unique()}`;
  const body = JSON.stringify({ specversion: "1.0", type, source: "/case", id, time, data: { object } });
  const headers = { "x-nylas-signature": await hmacHex(env.NYLAS_WEBHOOK_SECRET, body) };
  const url = "https://xabar.test/webhooks/nylas";
  const response = await exports.default.fetch(new Request(url, { method: "POST", headers, body }));
  await response.body?.cancel();
  return response.status;
}
