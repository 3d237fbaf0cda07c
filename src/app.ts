import { Hono, type HonoRequest } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import * as z from "zod/mini";
import { type AuthEnv, authenticate, limitRate } from "./auth/middleware.ts";
import * as ems from "./ems/index.ts";
import { config } from "./env.ts";
import { ApiError, badRequest } from "./lib/errors.ts";
import { log } from "./lib/log.ts";
import { isTransient } from "./lib/transient.ts";
import { answer } from "./lib/validation.ts";

const MAX_BODY_BYTES = 5 * 1024 * 1024;

type AppEnv = { Bindings: Env; Variables: AuthEnv["Variables"] & { requestId: string } };

const HealthResponse = z.object({
  status: z.literal("ok"),
  /** Notifications that failed for good and wait for somebody to replay them. */
  parked_deliveries: z.int(),
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
  // A mail's document says itself who may frame it; the middleware below would let nobody.
  const policy = c.res.headers.get("content-security-policy");
  if (policy?.includes("frame-ancestors")) c.res.headers.delete("x-frame-options");
});
app.use(secureHeaders({ crossOriginResourcePolicy: "cross-origin" }));
app.use(
  cors({
    origin: (origin, c) => (isAllowed(origin, config(c.env).CORS_ORIGINS) ? origin : null),
    allowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
    exposeHeaders: ["x-request-id", "retry-after", "last-event-id", "etag", "idempotent-replayed"],
    credentials: true,
    maxAge: 7200,
  }),
);

app.get("/health", answer(200, HealthResponse), async (c) => {
  return c.json({ status: "ok", parked_deliveries: await ems.countParked(c.env, c.executionCtx) } as const);
});
app.route("/", ems.open);

app.use(authenticate, limitRate);
const limitBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    throw badRequest(`body: is larger than ${MAX_BODY_BYTES} bytes`);
  },
});
// Uploads have a limit of their own, and stream: this middleware would gather the whole body.
const isUpload = ({ method, path }: HonoRequest) => method === "POST" && path === "/attachments";
app.use((c, next) => (isUpload(c.req) ? next() : limitBody(c, next)));
app.route("/", ems.routes);

app.notFound((c) => c.json({ detail: "Not found" }, 404));

app.onError((error, c) => {
  if (error instanceof ApiError) {
    const { message: detail, errors, status, body, retryAfterSeconds } = error;
    if (status >= 500) log("warn", "request.failed", { id: c.var.requestId, path: c.req.path, error });
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

/** The operator's list, or else any port of the developer's own machine. */
function isAllowed(origin: string, origins: string[]): boolean {
  if (origins.length === 0) return /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(origin);
  return origins.includes("*") || origins.includes(origin);
}
