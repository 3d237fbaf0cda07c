import { Hono } from "hono";
import { responds, valid } from "../../platform/validation.ts";
import type { EmsEnv } from "../context.ts";
import { POSITION_HEADER } from "../events/position.ts";
import { StateUpdate } from "../inbox/schemas.ts";
import { ThreadParam } from "../threads/schemas.ts";
import { changeConversation, changeConversations } from "./change.ts";
import { listConversations } from "./list.ts";
import { ConversationsQuery, ConversationsUpdate } from "./schemas.ts";

export const conversations = new Hono<EmsEnv>({ strict: false })
  .get("/", responds(200, "ConversationListResponse"), valid("query", ConversationsQuery), async (c) => {
    const { list, readAt } = await listConversations(c.var.ctx, c.req.valid("query"));
    return c.json(list, 200, { [POSITION_HEADER]: readAt });
  })
  .patch("/", responds(200, "ConversationsChangeResponse"), valid("json", ConversationsUpdate), async (c) => {
    const { thread_ids, changes } = c.req.valid("json");
    return c.json(await changeConversations(c.var.ctx, thread_ids, changes));
  })
  .patch(
    "/:thread_id",
    responds(200, "ConversationChangeResponse"),
    valid("param", ThreadParam),
    valid("json", StateUpdate),
    async (c) => {
      const { thread_id } = c.req.valid("param");
      return c.json(await changeConversation(c.var.ctx, thread_id, c.req.valid("json")));
    },
  );
