import { Hono } from "hono";
import { responds } from "../../platform/validation.ts";
import type { UserEnv } from "../context.ts";
import { body } from "../requests/middleware.ts";
import { exclude, listExcluded, listGroups, syncGroups } from "./groups.ts";
import { Excluded } from "./schemas.ts";

/** The groups of a user's accounts. */
export const groups = () =>
  new Hono<UserEnv>({ strict: false })
    .get("/:telegramId", responds(200, "GroupListResponse"), async (c) => c.json(await listGroups(c.var.ctx)))
    .get("/:telegramId/sync", responds(200, "SyncResponse"), async (c) => {
      await syncGroups(c.var.ctx);
      return c.json([], 200, { "cache-control": "no-store" });
    })
    .get("/:telegramId/excluded", responds(200, "ExcludedResponse"), async (c) =>
      c.json(await listExcluded(c.var.ctx)),
    )
    .put("/:telegramId/excluded", body(Excluded), responds(200, "ExcludedResponse"), async (c) =>
      c.json(await exclude(c.var.ctx, c.req.valid("json"))),
    );
