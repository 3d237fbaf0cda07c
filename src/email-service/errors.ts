import { type ErrorCode, ServiceError } from "../lib/errors.ts";
import type { Refusal, RefusalCode } from "../mailbox/contract.ts";
import { type ErrorAnswer, STATUS_OF } from "../platform/app.ts";
import { BAD_ADDRESS } from "./schemas.ts";

/** Where this contract differs: it has no 413 and no 422. */
const STATUSES = { ...STATUS_OF, too_large: 400, key_reused: 409 } as const;

/** The contract's words for a status. */
const TITLES: Record<number, string> = {
  400: "Bad request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  429: "Rate limit exceeded",
  500: "Internal server error",
  502: "Bad gateway",
  503: "Service unavailable",
};

/** Converts an error to the contract: `{error, message, code, timestamp}`, plus `errors` for an invalid request. */
export function toAnswer(error: ServiceError): ErrorAnswer {
  const { code, issues, details } = error;
  const status = STATUSES[code];
  const isAddress = issues.some(({ message }) => message === BAD_ADDRESS);
  return {
    status,
    body: {
      error: TITLES[status],
      message: code === "unauthenticated" ? "Missing or invalid JWT token" : error.message,
      code: isAddress ? "INVALID_EMAIL_FORMAT" : code.toUpperCase(),
      timestamp: Date.now(),
      ...(issues.length ? { errors: issues } : {}),
      ...details,
    },
  };
}

/** Refusals that are about the request itself, whatever it asks for. */
const OF_REQUEST: Partial<Record<RefusalCode, ErrorCode>> = {
  NOT_FOUND: "not_found",
  INVALID: "invalid",
  CONFLICT: "conflict",
  KEY_REUSED: "key_reused",
  TOO_LARGE: "too_large",
  KEYS_MISSING: "internal",
  OAUTH_UNAVAILABLE: "unavailable",
};

/**
 * The error for a mailbox's refusal.
 * @param isOwnSetting true if the request brought the settings that the mail server refuses, so that they are at fault.
 *   Otherwise the server is, and the request may be tried again
 */
export function refused(refusal: Refusal, isOwnSetting: boolean): ServiceError {
  const { code, message, retryAfterSeconds } = refusal;
  const own = OF_REQUEST[code];
  const kind = own ?? (isOwnSetting ? "invalid" : "unavailable");
  // A server that cannot be reached may be soon. Of what this request cannot change, nobody knows when.
  const isPassing = own === undefined && !isOwnSetting;
  return new ServiceError(kind, message, {
    details: { code },
    retryAfterSeconds: retryAfterSeconds ?? (isPassing ? 30 : undefined),
  });
}
