import { createHmac } from "node:crypto";

/** The `x-nylas-signature` of a body as it is on the wire: lower-case hex HMAC-SHA256 under the webhook secret. */
export function sign(secret: string, body: Uint8Array): string {
  return createHmac("sha256", secret).update(body).digest("hex");
}
