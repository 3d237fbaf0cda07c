import { Hono } from "hono";
import { responds, valid } from "../../platform/validation.ts";
import type { EmsEnv } from "../context.ts";
import { requireAdmin } from "../middleware.ts";
import { listNotifications, replayNotification, replayParked } from "./ledger.ts";
import { NotificationParam, NotificationsQuery, ReplayQuery } from "./schemas.ts";

/** For admins: what came for the mailboxes of their companies, and what became of it. */
export const notifications = new Hono<EmsEnv>({ strict: false })
  .use(requireAdmin)
  .get("/", responds(200, "NotificationListResponse"), valid("query", NotificationsQuery), async (c) =>
    c.json(await listNotifications(c.var.ctx, c.req.valid("query"))),
  )
  .post("/replay", responds(202, "ReplayResponse"), valid("json", ReplayQuery), async (c) =>
    c.json(await replayParked(c.var.ctx, c.req.valid("json")), 202),
  )
  .post(
    "/:delivery_id/replay",
    responds(202, "NotificationResponse"),
    valid("param", NotificationParam),
    async (c) => c.json(await replayNotification(c.var.ctx, c.req.valid("param").delivery_id), 202),
  );
