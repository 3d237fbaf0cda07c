import { ServiceError } from "../lib/errors.ts";
import { hmacHex } from "../lib/hmac.ts";
import type { Config } from "./config.ts";

/**
 * A key that only the Worker knows, derived from the secrets that it has anyway.
 * @param purpose each has a key of its own
 * @returns 64 hex digits
 * @throws ServiceError `unavailable` when the Worker has no secret at all
 */
export async function ownKey(config: Config, purpose: string): Promise<string> {
  const secrets = [config.JWT_SECRET, config.NYLAS_API_KEY, config.NYLAS_WEBHOOK_SECRET].filter(Boolean);
  if (secrets.length === 0)
    throw new ServiceError(
      "unavailable",
      "Nothing can be signed: the Worker has neither JWT_SECRET nor NYLAS_API_KEY",
    );
  return hmacHex(secrets.join("\n"), purpose);
}
