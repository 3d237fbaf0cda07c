import { ServiceError } from "../lib/errors.ts";
import { sentencesByField } from "../lib/field-errors.ts";
import { type ErrorAnswer, STATUS_OF } from "../platform/app.ts";

/** Where this API differs: a body that is too large is a validation error, as in Django REST framework. */
const STATUSES = { ...STATUS_OF, too_large: 400, conflict: 400, key_reused: 400 } as const;

/**
 * Converts an error to the contract's shapes: 400 `{field: [sentence]}`, 401 and other refusals `{detail}`, 404
 * `{error}`, 503 `{error: "telegram_unavailable"}`.
 */
export function toAnswer(error: ServiceError): ErrorAnswer {
  const status = STATUSES[error.code];
  return { status, body: bodyOf(status, error) };
}

function bodyOf(status: number, error: ServiceError): object {
  switch (status) {
    case 400:
      // What cannot be read at all has no fields: Django REST framework tells it as a detail.
      return error.details.isUnreadable ? { detail: error.message } : sentencesByField(error);
    case 404:
      return "error" in error.details ? error.details : { error: "not_found" };
    case 503:
      return { error: "telegram_unavailable", detail: error.message };
    case 405:
      // The message begins with the method: see platform/app.ts.
      return { detail: `Method "${error.message.split(" ", 1)[0]}" not allowed.` };
    default:
      return { detail: error.message };
  }
}

/** The refusal of a request that cannot be read at all. */
export const unreadable = (detail: string, cause?: unknown): ServiceError =>
  new ServiceError("invalid", detail, { cause, details: { isUnreadable: true } });

export const notSignedIn = (cause?: unknown): ServiceError =>
  new ServiceError("unauthenticated", "Invalid or expired init data", { cause });

/** No such user, or not the caller's: both look alike. */
export const userNotFound = (): ServiceError =>
  new ServiceError("not_found", "There is no such user", { details: { error: "user_not_found" } });

export const accountNotFound = (): ServiceError =>
  new ServiceError("not_found", "There is no such account", {
    details: { success: false, error: "account_not_found" },
  });

/** Something that only Telegram could do. @param detail what the operator can do about it */
export const telegramUnavailable = (detail: string, cause?: unknown): ServiceError =>
  new ServiceError("unavailable", detail, { cause, retryAfterSeconds: 60 });
