import { Hono, type HonoRequest } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import * as z from "zod/mini";
import * as ems from "./ems/index.ts";
import { ApiError, badRequest } from "./lib/errors.ts";
import { findExcess } from "./lib/json-shape.ts";
import { isMultipart } from "./lib/multipart.ts";
import { type AuthEnv, authenticate, limitOpen, limitRate } from "./platform/auth/middleware.ts";
import { config } from "./platform/config.ts";
import { isTransient } from "./platform/d1/transient.ts";
import { log } from "./platform/log.ts";
import { answer, isJson } from "./platform/validation.ts";

const MAX_BODY_BYTES = 5 * 1024 * 1024;
/** Far more than any request needs; without them 5 MB of brackets or zeros would take seconds, and the memory. */
const JSON_LIMITS = { depth: 64, values: 10_000 };

type AppEnv = { Bindings: Env; Variables: AuthEnv["Variables"] & { requestId: string } };

const HealthResponse = z.object({
  status: z.literal("healthy"),
  service: z.literal("email_service"),
  /** In milliseconds since the epoch. */
  timestamp: z.int(),
});

export const app = new Hono<AppEnv>({ strict: false });

app.use(requestId());
app.use(async (c, next) => {
  const started = Date.now();
  await next();
  const { method, path } = c.req; // never the query: a stream's token is in it
  log("info", "request", {
    id: c.var.requestId,
    method,
    path,
    status: c.res.status,
    ms: Date.now() - started,
  });
});
app.use(async (c, next) => {
  await next();
  // Answers hold mail, so that nothing between here and the caller may keep them, unless the route says so.
  if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "private, no-store");
  // A mail's document says itself who may frame it; the middleware below would let nobody.
  const policy = c.res.headers.get("content-security-policy");
  if (policy?.includes("frame-ancestors")) c.res.headers.delete("x-frame-options");
});
app.use(secureHeaders({ crossOriginResourcePolicy: "cross-origin" }));
app.use(async (c, next) => {
  await next();
  // Pages may ask with `credentials: "include"`, but only those of an origin that is named.
  const allowed = c.res.headers.get("access-control-allow-origin");
  if (allowed === null || allowed === "*") c.res.headers.delete("access-control-allow-credentials");
});
app.use(
  cors({
    origin: (origin, c) => allowedOrigin(origin, config(c.env).CORS_ORIGINS),
    allowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
    exposeHeaders: ["x-request-id", "retry-after", "last-event-id", "etag", "idempotent-replayed"],
    credentials: true,
    maxAge: 7200,
  }),
);

app.get("/health", limitOpen, answer(200, HealthResponse), (c) =>
  c.json({ status: "healthy", service: "email_service", timestamp: Date.now() } as const),
);
app.route("/", ems.open);

app.use(authenticate, limitRate);
const limitBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    throw badRequest(`body: is larger than ${MAX_BODY_BYTES} bytes`);
  },
});
// Files have a limit of their own, and stream: this middleware would gather the whole body.
const isUpload = (req: HonoRequest) =>
  req.method === "POST" && req.path === "/attachments" && isMultipart(req.header("content-type") ?? "");
app.use((c, next) => (isUpload(c.req) ? next() : limitBody(c, next)));
app.use(async (c, next) => {
  const isRead = c.req.raw.body !== null && isJson(c.req.header("content-type") ?? "");
  const excess = isRead ? findExcess(await c.req.text(), JSON_LIMITS) : null;
  if (excess) throw badRequest(`body: ${excess}`);
  await next();
});
app.route("/", ems.routes);

app.notFound((c) => {
  const allowed = methodsOf(c.req.path);
  if (allowed.length === 0) return c.json({ detail: "Not found" }, 404);
  const detail = `${c.req.method} is not allowed here, but ${allowed.join(", ")}`;
  return c.json({ detail }, 405, { allow: allowed.join(", ") });
});

app.onError((error, c) => {
  if (error instanceof ApiError) {
    const { message: detail, errors, status, body, retryAfterSeconds } = error;
    if (status >= 500) log("warn", "request.failed", { id: c.var.requestId, path: c.req.path, error });
    // RFC 9110 section 11.6.1: a 401 names the scheme that would let the caller in.
    if (status === 401) c.header("www-authenticate", "Bearer");
    if (retryAfterSeconds !== undefined) c.header("retry-after", String(retryAfterSeconds));
    return c.json({ detail, ...(errors ? { errors } : {}), ...body }, status);
  }
  if (error instanceof HTTPException && error.status < 500) {
    return c.json({ detail: `body: ${error.message}` }, 400);
  }
  log("error", "request.failed", { id: c.var.requestId, method: c.req.method, path: c.req.path, error });
  if (isTransient(error)) {
    c.header("retry-after", "5");
    return c.json({ detail: "The database is busy; try again in a few seconds" }, 503);
  }
  return c.json({ detail: "Internal server error" }, 500);
});

/** What the route table has for a path: RFC 9110 section 10.2.1. A GET also answers HEAD. */
function methodsOf(path: string): string[] {
  const known = ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method),
  );
  return known.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
}

/** The operator's list, or else any port of the developer's own machine. @returns null for a foreign origin */
function allowedOrigin(origin: string, origins: string[]): string | null {
  if (origins.includes("*")) return "*";
  const isLocal = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(origin);
  return (origins.length === 0 ? isLocal : origins.includes(origin)) ? origin : null;
}
