import type { ContentfulStatusCode } from "hono/utils/http-status";

/** Thrown anywhere under a route; becomes the Nylas error body `{request_id, error}`. */
export class ApiError extends Error {
  readonly status: ContentfulStatusCode;
  readonly type: string;
  readonly providerError: Record<string, unknown> | undefined;
  readonly headers: Record<string, string>;

  constructor(
    status: ContentfulStatusCode,
    type: string,
    message: string,
    providerError?: Record<string, unknown>,
    headers: Record<string, string> = {},
  ) {
    super(message);
    this.status = status;
    this.type = type;
    this.providerError = providerError;
    this.headers = headers;
  }
}

/** Thrown under a route where the client shall get no answer at all; a mount breaks the connection for it. */
export class ConnectionReset extends Error {
  constructor() {
    super("connection reset");
  }
}

/** The 400 of a request that Nylas cannot use. */
export function invalidRequest(message: string): ApiError {
  return new ApiError(400, "invalid_request_error", message);
}

/** The 404 of what is not there, or not in this grant. */
export function notFound(message = "requested object not found"): ApiError {
  return new ApiError(404, "not_found_error", message);
}

/** The 429 that Nylas passes on, with the whole seconds to wait. */
export function providerLimit(retryAfter: number): ApiError {
  const providerError = { error: { code: 429, message: "User-rate limit exceeded." } };
  const headers = { "Retry-After": String(retryAfter) };
  return new ApiError(429, "rate_limit_error", "Too many requests", providerError, headers);
}

/** The body that goes with an error. */
export function errorBody(requestId: string, error: ApiError) {
  const { type, message, providerError } = error;
  return {
    request_id: requestId,
    error: { type, message, ...(providerError && { provider_error: providerError }) },
  };
}
