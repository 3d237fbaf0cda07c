import { Hono } from "hono";
import { responds, valid } from "../../platform/validation.ts";
import type { EmsEnv } from "../context.ts";
import { POSITION_HEADER } from "../events/position.ts";
import { listConversations } from "./list.ts";
import { ConversationsQuery } from "./schemas.ts";

export const conversations = new Hono<EmsEnv>({ strict: false }).get(
  "/",
  responds(200, "ConversationListResponse"),
  valid("query", ConversationsQuery),
  async (c) => {
    const { list, readAt } = await listConversations(c.var.ctx, c.req.valid("query"));
    return c.json(list, 200, { [POSITION_HEADER]: readAt });
  },
);
