import type { ServiceError } from "../lib/errors.ts";
import { type ErrorAnswer, STATUS_OF } from "../platform/app.ts";

/** An error in the shape of the EMS contract: `{detail}`, with `errors` for a request that is not valid. */
export const toAnswer = ({ code, message, issues, details }: ServiceError): ErrorAnswer => ({
  status: STATUS_OF[code],
  body: { detail: message, ...(issues.length ? { errors: issues } : {}), ...details },
});
