import { isProviderError } from "./provider/port.ts";

/** Errors caused by a value: it does not fit a schema or a range, or D1 rejects the row. */
const OF_VALUES = ["$ZodError", "ZodError", "RangeError", "SyntaxError", "TypeError", "URIError"];
const REFUSED_BY_D1 = /SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|ERROR|RANGE)|too big|constraint failed/i;

/**
 * Whether an error is an outage, so that a retry may succeed, or lies in the processed item. Unknown errors count
 * as outages: a useless retry is cheap, giving up loses a mail.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  if (isProviderError(error)) return error.fault !== "refused" && error.fault !== "not_found";
  // D1 wraps SQLite's error. The innermost cause decides.
  if (error.cause instanceof Error) return isOutage(error.cause);
  return !OF_VALUES.includes(error.name) && !REFUSED_BY_D1.test(error.message);
}
