import { ServiceError } from "../../lib/errors.ts";
import { isProviderError } from "./port.ts";

/**
 * For `.catch` on a call to the provider while a user waits.
 * @throws ServiceError provider_failed, with the provider's safe message; any other error unchanged
 */
export function throwUnavailable(error: unknown): never {
  if (!isProviderError(error)) throw error;
  throw new ServiceError("provider_failed", `The mail provider failed: ${error.message}`, { cause: error });
}
