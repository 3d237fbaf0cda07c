import { Hono } from "hono";
import { accounts } from "./accounts/routes.ts";
import { attachments, files } from "./attachments/routes.ts";
import { companies } from "./companies/routes.ts";
import { createContext, type EmsEnv, ofCompanies } from "./context.ts";
import { events, stream, tickets } from "./events/routes.ts";
import { inbox } from "./inbox/routes.ts";
import { deliveries, webhooks } from "./intake/routes.ts";
import { messages } from "./messages/routes.ts";
import { drafts } from "./sending/drafts/routes.ts";
import { outbox, sending } from "./sending/routes.ts";
import { threads } from "./threads/routes.ts";

export { CompanyHub } from "./events/hub.ts";

// A start of the Worker pays for what answers requests. What works for queues and cron is imported when it has to.

/** @throws Error for a queue whose name is not known: the platform would take its messages for handled */
export const queue: ExportedHandlerQueueHandler<Env> = async (batch, env, execution) => {
  const { consumerOf } = await import("./queues.ts");
  await consumerOf(batch.queue)(batch, env, execution);
};

export const scheduled: ExportedHandlerScheduledHandler<Env> = async (_event, env, execution) => {
  const { runCron } = await import("./cron.ts");
  await runCron(createContext(env, execution));
};

/** Answered without a Bearer token: each checks a key of its own. */
export const open = new Hono<EmsEnv>()
  .route("/webhooks", webhooks)
  .route("/sse", stream)
  .route("/files", files);

/** Answered to an authenticated user only, who is in `c.var.user`. */
export const routes = new Hono<EmsEnv>()
  .use(async (c, next) => {
    const { user } = c.var;
    const ctx = ofCompanies(createContext(c.env, c.executionCtx), user.companies);
    c.set("ctx", { ...ctx, user, origin: new URL(c.req.url).origin });
    await next();
  })
  .route("/webhooks/deliveries", deliveries)
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
