import { ApiError } from "../../lib/errors.ts";
import { ProviderError } from "./port.ts";

/**
 * For `.catch` on what is asked of the provider while a caller waits.
 * @throws ApiError 502 with the provider's safe message; any other error as it is
 */
export function throwUnavailable(error: unknown): never {
  if (!(error instanceof ProviderError)) throw error;
  throw new ApiError(502, `The mail provider failed: ${error.message}`, { cause: error });
}
