import { ServiceError } from "../lib/errors.ts";
import { hmacHex } from "../lib/hmac.ts";

/**
 * Derives a key that only the Worker knows from its configured secrets.
 * @param purpose separates the keys of different uses
 * @returns 64 hex digits
 * @throws ServiceError unavailable without a secret
 */
export async function deriveKey(secrets: string[], purpose: string): Promise<string> {
  if (secrets.length === 0)
    throw new ServiceError("unavailable", "Cannot sign: the Worker has no secret such as JWT_SECRET");
  return hmacHex(secrets.join("\n"), purpose);
}
