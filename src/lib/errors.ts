/** One thing that is wrong with a request: where, and what. */
export interface Issue {
  path: string;
  message: string;
}

/** Extra facts that only some refusals carry. */
interface Extras {
  errors?: Issue[];
  retryAfterSeconds?: number;
  /** What the caller needs besides the sentence, to go on. */
  body?: Record<string, unknown>;
  /** Kept for the log, never serialised. */
  cause?: unknown;
}

export type Refusal = 400 | 401 | 403 | 404 | 409 | 412 | 413 | 422 | 429 | 502 | 503;

/** A refusal that the caller may read. Thrown by any layer, turned into `{detail}` by the app's error handler. */
export class ApiError extends Error {
  readonly status: Refusal;
  readonly errors: Issue[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly body: Record<string, unknown>;

  constructor(status: Refusal, detail: string, extras: Extras = {}) {
    super(detail, { cause: extras.cause });
    this.status = status;
    this.errors = extras.errors;
    this.retryAfterSeconds = extras.retryAfterSeconds;
    this.body = extras.body ?? {};
  }
}

export const badRequest = (detail: string, errors?: Issue[]) =>
  new ApiError(400, detail, errors ? { errors } : {});
export const unauthorized = (cause?: unknown) => new ApiError(401, "Invalid or expired token", { cause });
export const forbidden = (detail: string) => new ApiError(403, detail);
export const notFound = (thing: string) => new ApiError(404, `${thing} not found`);
