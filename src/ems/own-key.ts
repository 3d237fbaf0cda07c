import { ServiceError } from "../lib/errors.ts";
import { hmacHex } from "../lib/hmac.ts";
import { type Config, signingSecrets } from "./config.ts";

/**
 * A key that only the Worker knows, derived from the secrets that it has.
 * @param purpose each has a key of its own
 * @returns 64 hex digits
 * @throws ServiceError `unavailable` when the Worker has no secret at all
 */
export async function ownKey(config: Config, purpose: string): Promise<string> {
  const secrets = signingSecrets(config);
  if (secrets.length === 0)
    throw new ServiceError(
      "unavailable",
      "Nothing can be signed: the Worker has no secret such as JWT_SECRET",
    );
  return hmacHex(secrets.join("\n"), purpose);
}
