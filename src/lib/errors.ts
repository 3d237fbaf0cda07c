/** One problem with a request: the field, and what is wrong. */
export interface Issue {
  path: string;
  message: string;
}

/** Why a request failed, in domain terms. Each API maps it to the status and body of its contract. */
export type ErrorCode =
  | "invalid"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "conflict"
  | "too_large"
  | "unsupported_type"
  | "key_reused"
  | "rate_limited"
  | "provider_failed"
  | "unavailable"
  | "internal";

interface Extras {
  issues?: Issue[] | undefined;
  retryAfterSeconds?: number | undefined;
  /** Data for the caller besides the message. */
  details?: Record<string, unknown>;
  /** For the log only, never shown. */
  cause?: unknown;
}

/** An error whose message is safe to show to the caller. Any layer may throw it. */
export class ServiceError extends Error {
  readonly code: ErrorCode;
  readonly issues: Issue[];
  readonly retryAfterSeconds: number | undefined;
  readonly details: Record<string, unknown>;
  /** What the log says in place of a message that has the provider's words, and so perhaps an address. */
  readonly logged: string | undefined;

  constructor(code: ErrorCode, message: string, extras: Extras = {}) {
    super(message, { cause: extras.cause });
    this.code = code;
    this.issues = extras.issues ?? [];
    this.retryAfterSeconds = extras.retryAfterSeconds;
    this.details = extras.details ?? {};
    this.logged = code === "provider_failed" ? code : undefined;
  }
}

export const invalid = (message: string, issues?: Issue[]) =>
  new ServiceError("invalid", message, { issues });
export const unauthenticated = (cause?: unknown) =>
  new ServiceError("unauthenticated", "Invalid or expired token", { cause });
export const forbidden = (message: string) => new ServiceError("forbidden", message);
export const notFound = (thing: string) => new ServiceError("not_found", `${thing} not found`);
