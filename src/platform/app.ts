import { type Context, Hono, type Env as HonoEnv } from "hono";
import { matchedRoutes } from "hono/route";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type ErrorCode, ServiceError } from "../lib/errors.ts";
import { platformConfig } from "./config.ts";
import { isTransient } from "./d1/transient.ts";
import { allowedOrigin, preflight, requestIdOf, secure, share } from "./headers.ts";
import { log } from "./log.ts";
import { note, startWork, workFields } from "./work.ts";

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
  unsupported_type: 415,
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

interface RequestIdVariables {
  requestId: string;
}

/**
 * Makes the Hono app of one API: request id, log lines of requests, security headers, CORS, and errors in the shape
 * of its contract. The module adds routes and guards.
 */
export function createApp<E extends AppEnv>({ toAnswer, corsOrigins, exposeHeaders }: AppOptions): Hono<E> {
  const app = new Hono<E & { Variables: RequestIdVariables }>({ strict: false });

  app.use((c, next) => {
    const started = Date.now();
    const id = requestIdOf(c.req.header("x-request-id"));
    c.set("requestId", id);
    return startWork(id, async () => {
      await next();
      const { headers } = c.res;
      headers.set("x-request-id", id);
      secure(headers);
      // A stream counts until its headers are sent, not until it ends.
      logRequest(c, Date.now() - started);
    });
  });
  app.use((c, next) => {
    const failure = failures.get(c.req.raw);
    if (failure) throw failure.error;
    return next();
  });
  app.use(async (c, next) => {
    const allowed = allowedOrigin(c.req.header("origin") ?? "", corsOrigins(c.env));
    const isPreflight = c.req.method === "OPTIONS";
    if (isPreflight) c.res = preflight(METHODS, c.req.header("access-control-request-headers"));
    else await next();
    share(c.res.headers, allowed, exposeHeaders);
  });

  app.notFound((c) => {
    const allowed = methodsOf(app, c.req.path);
    if (allowed.length === 0) return answer(new ServiceError("not_found", "Not found"));
    const message = `${c.req.method} is not allowed here; use ${allowed.join(", ")}`;
    return answer(new ServiceError("method_not_allowed", message), { allow: allowed.join(", ") });
  });

  app.onError((thrown) => {
    const error = toServiceError(thrown);
    if (STATUS_OF[error.code] >= 500) note({ error: thrown });
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

const failures = new WeakMap<Request, { error: unknown }>();

/** Makes the app that gets this request answer with an error, as if a handler had thrown it. */
export const failRequest = (request: Request, error: unknown): void => {
  failures.set(request, { error });
};

/** Requests that take longer are always logged. */
const SLOW_MS = 500;

/** Logs a request that failed or was slow, and a sample of the others: see docs/operations.md. */
function logRequest(c: Context, ms: number): void {
  const { LOG_SAMPLE: sample } = platformConfig(c.env);
  const { status } = c.res;
  const isSampled = status < 500 && ms <= SLOW_MS;
  // By chance, not by the id: a caller who chooses the id could stay out of the log.
  if (isSampled && Math.random() >= sample) return;
  const noted = workFields();
  const level = noted.error === undefined ? "info" : noted.error instanceof ServiceError ? "warn" : "error";
  const { method } = c.req;
  const line = { method, route: routeOf(c), status, ms, ...noted };
  log(level, "request", isSampled ? { ...line, sample } : line);
}

/** The pattern of the route that answered, or would have; null without one. Never the path: a link's is a secret. */
const routeOf = (c: Context): string | null =>
  matchedRoutes(c)
    .slice(c.req.routeIndex)
    .find(({ method }) => method !== "ALL")?.path ?? null;

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** Turns anything thrown into an error that is safe to show. Only a ServiceError keeps its message. */
export function toServiceError(thrown: unknown): ServiceError {
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
