import { isProviderError } from "./provider/port.ts";

/** Errors that a value causes: a schema that it does not fit, a number out of range, a row that D1 refuses. */
const OF_VALUES = ["$ZodError", "ZodError", "RangeError", "SyntaxError", "TypeError", "URIError"];
const REFUSED_BY_D1 = /SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|ERROR|RANGE)|too big|constraint failed/i;

/**
 * Whether something around us has failed, so that the same will work later, or what was worked on is itself at fault.
 * What is not known is taken for an outage: to try again in vain costs little, to give up for good costs a mail.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  if (isProviderError(error)) return error.fault !== "refused" && error.fault !== "not_found";
  // D1 wraps what SQLite said: the innermost cause tells which of the two it is.
  if (error.cause instanceof Error) return isOutage(error.cause);
  return !OF_VALUES.includes(error.name) && !REFUSED_BY_D1.test(error.message);
}
