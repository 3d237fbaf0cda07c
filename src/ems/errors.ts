import type { ServiceError } from "../lib/errors.ts";
import { type ErrorAnswer, STATUS_OF } from "../platform/app.ts";

/** Converts an error to the EMS contract: `{detail}`, plus `errors` for an invalid request. */
export const toAnswer = ({ code, message, issues, details }: ServiceError): ErrorAnswer => ({
  status: STATUS_OF[code],
  body: { detail: message, ...(issues.length ? { errors: issues } : {}), ...details },
});
