import type { HonoRequest } from "hono";
import { isMultipart } from "../lib/multipart.ts";
import { createApp } from "../platform/app.ts";
import { limitBody } from "../platform/body-limit.ts";
import { accounts } from "./accounts/routes.ts";
import { attachments, files } from "./attachments/routes.ts";
import { companies } from "./companies/routes.ts";
import { config } from "./config.ts";
import { createContext, type EmsEnv } from "./context.ts";
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
import { threads } from "./threads/routes.ts";

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
  /^\/(accounts|attachments|companies|drafts|events|files|inbox|messages|outbox|sse|threads|webhooks)(\/|$)/;

/** True for a path of the EMS. */
export const owns = (path: string): boolean => OWNED.test(path);

const webhooks = createWebhook((c, push) => keepNotification(createContext(c.env, c.executionCtx), push));

export const app = createApp<EmsEnv>({
  toAnswer,
  corsOrigins: (env) => config(env).CORS_ORIGINS,
  exposeHeaders: ["x-request-id", "retry-after", "last-event-id", "etag", "idempotent-replayed"],
})
  // Open routes: each checks a signature or ticket of its own.
  .route("/webhooks", webhooks)
  .route("/sse", stream)
  .route("/files", files)
  // All routes below require a valid token.
  .use(authenticate, limitRate, limitBody(BODY_LIMITS), withContext)
  .route("/webhooks/deliveries", notifications)
  .route("/sse", tickets)
  .route("/events", events)
  .route("/companies", companies)
  .route("/accounts", accounts)
  .route("/messages", messages)
  .route("/messages", sending)
  .route("/outbox", outbox)
  .route("/drafts", drafts)
  .route("/inbox", inbox)
  .route("/threads", threads)
  .route("/attachments", attachments);
