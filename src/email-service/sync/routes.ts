import { Hono } from "hono";
import { noQuery, responds, valid } from "../../platform/validation.ts";
import { AccountParam } from "../accounts/schemas.ts";
import type { EmailEnv } from "../context.ts";
import { SyncStart, TaskParam } from "./schemas.ts";
import { getTask, startSync } from "./service.ts";

export const sync = new Hono<EmailEnv>({ strict: false })
  .get(
    "/task/:taskId",
    responds(200, "TaskResponse"),
    valid("param", TaskParam),
    valid("query", noQuery),
    async (c) => c.json(await getTask(c.var.ctx, c.req.valid("param").taskId)),
  )
  .post(
    "/:accountId",
    responds(202, "SyncResponse"),
    valid("param", AccountParam),
    valid("json", SyncStart, { needed: false }),
    async (c) => c.json(await startSync(c.var.ctx, c.req.valid("param").accountId, c.req.valid("json")), 202),
  );
