import { createHmac } from "node:crypto";

/** The `x-nylas-signature` of the transmitted bytes: HMAC-SHA256 with the webhook secret, in lower-case hex. */
export function sign(secret: string, body: Uint8Array): string {
  return createHmac("sha256", secret).update(body).digest("hex");
}
