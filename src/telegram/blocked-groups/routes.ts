import { Hono } from "hono";
import { noQuery, responds, valid } from "../../platform/validation.ts";
import type { OpenEnv } from "../context.ts";
import { body } from "../requests/middleware.ts";
import { blockGroup, listBlockedGroups, unblockGroup } from "./blocked-groups.ts";
import { BlockedGroupsQuery, BlockedGroupWrite } from "./schemas.ts";

/** Groups that no mailing may post to, for operators. */
export const blockedGroups = () =>
  new Hono<OpenEnv>({ strict: false })
    .get("/", responds(200, "BlockedGroupsResponse"), valid("query", BlockedGroupsQuery), async (c) =>
      c.json(await listBlockedGroups(c.var.ctx, c.req.valid("query"))),
    )
    .put("/:peer", responds(200, "BlockedGroupResponse"), body(BlockedGroupWrite), async (c) =>
      c.json(await blockGroup(c.var.ctx, c.req.param("peer"), c.req.valid("json"))),
    )
    .delete("/:peer", valid("query", noQuery), responds(204, null), async (c) => {
      await unblockGroup(c.var.ctx, c.req.param("peer"));
      return c.body(null, 204);
    });
