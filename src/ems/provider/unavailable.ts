import { ServiceError } from "../../lib/errors.ts";
import { isProviderError } from "./port.ts";

/**
 * For `.catch` on what is asked of the provider while a caller waits.
 * @throws ServiceError `provider_failed` with the provider's safe message; any other error as it is
 */
export function throwUnavailable(error: unknown): never {
  if (!isProviderError(error)) throw error;
  throw new ServiceError("provider_failed", `The mail provider failed: ${error.message}`, { cause: error });
}
