import { Hono } from "hono";
import { responds, valid } from "../../platform/validation.ts";
import type { UserEnv } from "../context.ts";
import { getRun, listRuns } from "./list.ts";
import { RunParam, RunsQuery } from "./schemas.ts";

/** The routes below /mailing that tell what became of posts. */
export const runs = () =>
  new Hono<UserEnv>({ strict: false })
    .get("/:telegramId/runs", responds(200, "RunListResponse"), valid("query", RunsQuery), async (c) =>
      c.json(await listRuns(c.var.ctx, c.req.valid("query"))),
    )
    .get(
      "/:telegramId/runs/:run{[0-9]+}",
      responds(200, "RunResponse"),
      valid("param", RunParam),
      async (c) => c.json(await getRun(c.var.ctx, c.req.valid("param").run)),
    );
