import type { ContentfulStatusCode } from "hono/utils/http-status";

/** Becomes a Nylas error response with the body `{request_id, error}`. */
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

/** Makes the mount drop the connection without a response. */
export class ConnectionReset extends Error {
  constructor() {
    super("connection reset");
  }
}

/** A 400 for an invalid request. */
export function invalidRequest(message: string): ApiError {
  return new ApiError(400, "invalid_request_error", message);
}

/** A 404 for an object that does not exist in this grant. */
export function notFound(message = "requested object not found"): ApiError {
  return new ApiError(404, "not_found_error", message);
}

/** The 429 that Nylas passes on from the provider. @param retryAfter in whole seconds */
export function providerLimit(retryAfter: number): ApiError {
  const providerError = { error: { code: 429, message: "User-rate limit exceeded." } };
  const headers = { "Retry-After": String(retryAfter) };
  return new ApiError(429, "rate_limit_error", "Too many requests", providerError, headers);
}

/** The response body of an error. */
export function errorBody(requestId: string, error: ApiError) {
  const { type, message, providerError } = error;
  return {
    request_id: requestId,
    error: { type, message, ...(providerError && { provider_error: providerError }) },
  };
}
