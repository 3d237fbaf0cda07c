import type { HonoRequest } from "hono";
import { isMultipart } from "../lib/multipart.ts";
import { createApp, failRequest } from "../platform/app.ts";
import { bearerToken } from "../platform/auth/bearer.ts";
import { limitBody } from "../platform/body-limit.ts";
import { accounts, signIns } from "./accounts/routes.ts";
import { attachments, files } from "./attachments/routes.ts";
import { companies } from "./companies/routes.ts";
import { config } from "./config.ts";
import { contacts } from "./contacts/routes.ts";
import { createContext, type EmsEnv } from "./context.ts";
import { conversations } from "./conversations/routes.ts";
import { toAnswer } from "./errors.ts";
import { events, stream, tickets } from "./events/routes.ts";
import { inbox } from "./inbox/routes.ts";
import { keepNotification } from "./intake/receive.ts";
import { notifications } from "./intake/routes.ts";
import { messages } from "./messages/routes.ts";
import { authenticate, limitRate, withContext } from "./middleware.ts";
import { createWebhook } from "./provider/nylas/routes.ts";
import { drafts } from "./sending/drafts/routes.ts";
import { outbox, sending } from "./sending/routes.ts";
import { stubOf } from "./store/home.ts";
import { threads } from "./threads/routes.ts";
import { verifyUser } from "./user.ts";
import { me, users } from "./users/routes.ts";

const BODY_LIMITS = {
  bytes: 5 * 1024 * 1024,
  /** Security: without these limits, 5 MB of brackets or zeros would take seconds to parse and exhaust memory. */
  json: { depth: 64, values: 10_000 },
  /** Uploads are streamed with their own limit: see attachments/uploads.ts. */
  isStreamed: (req: HonoRequest) =>
    req.method === "POST" &&
    /^\/attachments\/?$/.test(req.path) &&
    isMultipart(req.header("content-type") ?? ""),
};

/** The first path segments of the EMS. */
const OWNED =
  /^\/(accounts|attachments|companies|contacts|conversations|drafts|events|files|inbox|me|messages|outbox|sse|threads|users|webhooks)(\/|$)/;

/** True for a path of the EMS. */
export const owns = (path: string): boolean => OWNED.test(path);

const webhooks = createWebhook((c, push) => keepNotification(createContext(c.env, c.executionCtx), push));

export const app = createApp<EmsEnv>({
  toAnswer,
  corsOrigins: (env) => config(env).CORS_ORIGINS,
  exposeHeaders: [
    ...["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"],
    ...["last-event-id", "etag", "idempotent-replayed"],
  ],
})
  // Open routes: each checks a signature, ticket or state of its own.
  .route("/webhooks", webhooks)
  .route("/sse", stream)
  .route("/files", files)
  .route("/accounts", signIns)
  // All routes below require a valid token.
  .use(authenticate, limitRate, limitBody(BODY_LIMITS), withContext)
  .route("/webhooks/deliveries", notifications)
  .route("/sse", tickets)
  .route("/events", events)
  .route("/me", me)
  .route("/users", users)
  .route("/contacts", contacts)
  .route("/companies", companies)
  .route("/accounts", accounts)
  .route("/messages", messages)
  .route("/messages", sending)
  .route("/outbox", outbox)
  .route("/drafts", drafts)
  .route("/inbox", inbox)
  .route("/threads", threads)
  .route("/conversations", conversations)
  .route("/attachments", attachments);

/**
 * Answers a request. With STORE=objects, that of a user of one company is answered in the company's Durable Object,
 * beside its rows. Any other is answered here, by queries to the object of each company.
 */
export async function serve(request: Request, env: Env, execution: ExecutionContext): Promise<Response> {
  const company = await onlyCompany(request, env);
  if (company === null) return app.fetch(request, env, execution);
  try {
    return await (stubOf(env, company) as Fetcher).fetch(request);
  } catch (error) {
    failRequest(request, error);
    return app.fetch(request, env, execution);
  }
}

/** Streams stay in the Worker, so that the object can hibernate. Their tickets are not the company's. */
const OF_WORKER = /^\/sse(\/|$)/;

/** @returns null for a token that is absent, invalid, or of several companies or none */
async function onlyCompany(request: Request, env: Env): Promise<number | null> {
  const settings = config(env);
  if (settings.STORE === "d1" || OF_WORKER.test(new URL(request.url).pathname)) return null;
  // Security: the object takes a request with this header for a stream that the Worker has authorized.
  if (request.headers.has("upgrade")) return null;
  const token = bearerToken(request.headers);
  // The app refuses an invalid token.
  const user = token && (await verifyUser(token, settings).catch(() => null));
  return user && user.companies.length === 1 ? (user.companies[0] ?? null) : null;
}
