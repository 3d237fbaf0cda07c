import { Hono } from "hono";
import { noQuery, responds, valid } from "../../platform/validation.ts";
import type { HubEnv } from "../context.ts";
import { body } from "../requests/middleware.ts";
import { StatusBody } from "./schemas.ts";
import { createStatus, deleteStatus, getStatus, updateStatus } from "./status.ts";

export const statuses = () =>
  new Hono<HubEnv>({ strict: false })
    .get("/", responds(200, "StatusResponse"), valid("query", noQuery), async (c) =>
      c.json(await getStatus(c.var.ctx)),
    )
    .post("/", responds(201, "StatusResponse"), body(StatusBody), async (c) =>
      c.json(await createStatus(c.var.ctx, c.req.valid("json")), 201),
    )
    .put("/", responds(200, "StatusResponse"), body(StatusBody), async (c) =>
      c.json(await updateStatus(c.var.ctx, c.req.valid("json"))),
    )
    .delete("/", responds(204, null), async (c) => {
      await deleteStatus(c.var.ctx);
      return c.body(null, 204);
    });
