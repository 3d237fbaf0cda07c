import { ServiceError } from "../lib/errors.ts";
import { hmacHex } from "../lib/hmac.ts";
import { type Config, signingSecrets } from "./config.ts";

/**
 * Derives a key that only the Worker knows from its configured secrets.
 * @param purpose separates the keys of different uses
 * @returns 64 hex digits
 * @throws ServiceError unavailable when no secret is configured
 */
export async function ownKey(config: Config, purpose: string): Promise<string> {
  const secrets = signingSecrets(config);
  if (secrets.length === 0)
    throw new ServiceError("unavailable", "Cannot sign: the Worker has no secret such as JWT_SECRET");
  return hmacHex(secrets.join("\n"), purpose);
}
