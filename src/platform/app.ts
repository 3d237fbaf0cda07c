import { Hono, type Env as HonoEnv } from "hono";
import { cors } from "hono/cors";
import { type RequestIdVariables, requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type ErrorCode, ServiceError } from "../lib/errors.ts";
import { isTransient } from "./d1/transient.ts";
import { log } from "./log.ts";

/** An error response in the shape of the API's contract. */
export interface ErrorAnswer {
  status: ContentfulStatusCode;
  body: object;
}

/** The usual status for each error. A contract may differ. */
export const STATUS_OF: Record<ErrorCode, ContentfulStatusCode> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  key_reused: 422,
  rate_limited: 429,
  internal: 500,
  provider_failed: 502,
  unavailable: 503,
};

export interface AppOptions {
  /** Maps each error to the contract of this API. */
  toAnswer(error: ServiceError): ErrorAnswer;
  /** The origins that may call this API: see `allowedOrigin`. */
  corsOrigins(env: Env): string[];
  /** The response headers that such an origin may read. */
  exposeHeaders: string[];
}

interface AppEnv extends HonoEnv {
  Bindings: Env;
}

/**
 * Makes the Hono app of one API: request id, one log line per request, security headers, CORS, and errors in the shape
 * of its contract. The module adds routes and guards.
 */
export function createApp<E extends AppEnv>({ toAnswer, corsOrigins, exposeHeaders }: AppOptions): Hono<E> {
  const app = new Hono<E & { Variables: RequestIdVariables }>({ strict: false });

  app.use(requestId());
  app.use(async (c, next) => {
    const started = Date.now();
    await next();
    const { method, path } = c.req; // never the query: it may hold a token
    const { status } = c.res;
    log("info", "request", { id: c.var.requestId, method, path, status, ms: Date.now() - started });
  });
  app.use(async (c, next) => {
    await next();
    // Responses are private unless their route sets cache-control.
    if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "private, no-store");
    // secureHeaders adds an X-Frame-Options, which would contradict a document's own frame-ancestors.
    const policy = c.res.headers.get("content-security-policy");
    if (policy?.includes("frame-ancestors")) c.res.headers.delete("x-frame-options");
  });
  app.use(secureHeaders({ crossOriginResourcePolicy: "cross-origin" }));
  app.use(async (c, next) => {
    await next();
    // Credentials are only allowed for a named origin, never for "*".
    const allowed = c.res.headers.get("access-control-allow-origin");
    if (allowed === null || allowed === "*") c.res.headers.delete("access-control-allow-credentials");
  });
  app.use(
    cors({
      origin: (origin, c) => allowedOrigin(origin, corsOrigins(c.env)),
      allowMethods: METHODS,
      exposeHeaders,
      credentials: true,
      maxAge: 7200,
    }),
  );

  app.notFound((c) => {
    const allowed = methodsOf(app, c.req.path);
    if (allowed.length === 0) return answer(new ServiceError("not_found", "Not found"));
    const message = `${c.req.method} is not allowed here; use ${allowed.join(", ")}`;
    return answer(new ServiceError("method_not_allowed", message), { allow: allowed.join(", ") });
  });

  app.onError((thrown, c) => {
    const error = toServiceError(thrown);
    if (STATUS_OF[error.code] >= 500) {
      const level = thrown instanceof ServiceError ? "warn" : "error";
      const { method, path } = c.req;
      log(level, "request.failed", { id: c.var.requestId, method, path, error: thrown });
    }
    return answer(error);
  });

  function answer(error: ServiceError, headers: Record<string, string> = {}): Response {
    const { status, body } = toAnswer(error);
    return Response.json(body, {
      status,
      headers: {
        ...headers,
        // RFC 9110 section 11.6.1: a 401 names the scheme to authenticate with.
        ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
        ...(error.retryAfterSeconds === undefined ? {} : { "retry-after": String(error.retryAfterSeconds) }),
      },
    });
  }
  return app as unknown as Hono<E>;
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** Turns anything thrown into an error that is safe to show. Only a ServiceError keeps its message. */
function toServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  if (isTransient(thrown)) {
    const message = "The database is busy; try again in a few seconds";
    return new ServiceError("unavailable", message, { cause: thrown, retryAfterSeconds: 5 });
  }
  return new ServiceError("internal", "Internal server error", { cause: thrown });
}

/** The methods of the routes of a path, for `Allow` (RFC 9110 section 10.2.1). A GET route also serves HEAD. */
function methodsOf(app: Pick<Hono, "router">, path: string): string[] {
  const known = METHODS.filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method),
  );
  return known.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
}

/** Allows the configured origins; without any, every port of localhost. @returns null to refuse */
function allowedOrigin(origin: string, origins: string[]): string | null {
  if (origins.includes("*")) return "*";
  const isLocal = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(origin);
  return (origins.length === 0 ? isLocal : origins.includes(origin)) ? origin : null;
}
