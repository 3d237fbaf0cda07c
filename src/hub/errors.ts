import { ServiceError } from "../lib/errors.ts";
import { sentencesByField } from "../lib/field-errors.ts";
import { type ErrorAnswer, STATUS_OF } from "../platform/app.ts";

/** Where this contract differs: it has no 405, 413 and 422. */
const STATUSES = {
  ...STATUS_OF,
  method_not_allowed: 404,
  too_large: 400,
  conflict: 400,
  key_reused: 400,
} as const;

/**
 * Converts an error to one of the contract's shapes (lines 1990-2038): 400 `{error, details: {field: [sentence]}}`, 401
 * and 403 `{detail}`, 404 `{error}`, 429 `{message, wait_seconds}`, 500 `{error}`.
 */
export function toAnswer(error: ServiceError): ErrorAnswer {
  const status = STATUSES[error.code];
  return { status, body: bodyOf(status, error) };
}

function bodyOf(status: number, error: ServiceError): object {
  switch (status) {
    case 400:
      return { error: "Invalid request data", details: sentencesByField(error) };
    case 401:
    case 403:
      return { detail: error.message };
    case 404:
      return { error: "Resource not found" };
    case 429:
      return { message: "Request was throttled", wait_seconds: error.retryAfterSeconds ?? 60 };
    case 500:
      return { error: "Internal server error occurred" };
    default:
      return { error: error.message };
  }
}

/** The contract's words for a request without a token, and for one with a token that is not valid. */
export const notSignedIn = (): ServiceError =>
  new ServiceError("unauthenticated", "Authentication credentials were not provided.");
export const badToken = (cause?: unknown): ServiceError =>
  new ServiceError("unauthenticated", "Given token not valid for any token type", { cause });
export const notAllowed = (): ServiceError =>
  new ServiceError("forbidden", "You do not have permission to perform this action.");
export const throttled = (seconds: number): ServiceError =>
  new ServiceError("rate_limited", "Request was throttled", { retryAfterSeconds: seconds });
