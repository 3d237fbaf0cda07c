/** One thing that is wrong with a request: where, and what. */
export interface Issue {
  path: string;
  message: string;
}

/** Why a request failed, in terms of the domain. Each API maps it to a status and a body of its own contract. */
export type ErrorCode =
  | "invalid"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "conflict"
  | "too_large"
  | "key_reused"
  | "rate_limited"
  | "provider_failed"
  | "unavailable"
  | "internal";

interface Extras {
  issues?: Issue[] | undefined;
  retryAfterSeconds?: number | undefined;
  /** Fields that the caller needs besides the sentence, to go on. */
  details?: Record<string, unknown>;
  /** Kept for the log, never shown. */
  cause?: unknown;
}

/** An error that the caller may read: its message is one sentence for people. Any layer throws it. */
export class ServiceError extends Error {
  readonly code: ErrorCode;
  readonly issues: Issue[];
  readonly retryAfterSeconds: number | undefined;
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, extras: Extras = {}) {
    super(message, { cause: extras.cause });
    this.code = code;
    this.issues = extras.issues ?? [];
    this.retryAfterSeconds = extras.retryAfterSeconds;
    this.details = extras.details ?? {};
  }
}

export const invalid = (message: string, issues?: Issue[]) =>
  new ServiceError("invalid", message, { issues });
export const unauthenticated = (cause?: unknown) =>
  new ServiceError("unauthenticated", "Invalid or expired token", { cause });
export const forbidden = (message: string) => new ServiceError("forbidden", message);
export const notFound = (thing: string) => new ServiceError("not_found", `${thing} not found`);
