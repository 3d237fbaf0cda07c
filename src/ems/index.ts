import { Hono } from "hono";
import { accounts } from "./accounts/routes.ts";
import { scheduleSweeps } from "./accounts/sweep.ts";
import { attachments, files } from "./attachments/routes.ts";
import { companies } from "./companies/routes.ts";
import { createContext, type EmsEnv, ofCompanies } from "./context.ts";
import { drafts } from "./drafts/routes.ts";
import { events, stream, tickets } from "./events/routes.ts";
import { removeExpired } from "./housekeeping.ts";
import { inbox } from "./inbox/routes.ts";
import { messages } from "./messages/routes.ts";
import { enqueueDue } from "./outbox/due.ts";
import { outbox } from "./outbox/routes.ts";
import { threads } from "./threads/routes.ts";
import { deliveries, webhooks } from "./webhooks/routes.ts";

export { CompanyHub } from "./events/hub.ts";
export { queues } from "./queues.ts";

/** Cron: mail that is due, sweeps, and the removal of what is kept for a time only. */
export const scheduled: ExportedHandlerScheduledHandler<Env> = async (_event, env, execution) => {
  const ctx = createContext(env, execution);
  await enqueueDue(ctx);
  await scheduleSweeps(ctx);
  await removeExpired(ctx);
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
  .route("/outbox", outbox)
  .route("/drafts", drafts)
  .route("/inbox", inbox)
  .route("/threads", threads)
  .route("/attachments", attachments);
