import { Hono } from "hono";
import { streamJson } from "../../lib/json-stream.ts";
import { responds, valid } from "../../platform/validation.ts";
import type { EmsEnv } from "../context.ts";
import { POSITION_HEADER } from "../events/position.ts";
import { HtmlQuery, MessageListResponse, MessageParam, MessageResponse, MessagesQuery } from "./schemas.ts";
import { getMessage, listMessages } from "./service.ts";

const param = valid("param", MessageParam);

// What understands HTML is imported where it is needed: no start of the Worker pays for it.
export const messages = new Hono<EmsEnv>({ strict: false })
  .get("/", responds(200, MessageListResponse), valid("query", MessagesQuery), async (c) => {
    const query = c.req.valid("query");
    const { items, total, next_cursor, readAt } = await listMessages(c.var.ctx, query);
    c.header("content-type", "application/json");
    c.header(POSITION_HEADER, readAt);
    return c.body(streamJson({ total, page: query.page, size: query.size, next_cursor }, "items", items));
  })
  .get("/:message_id", responds(200, MessageResponse), param, async (c) =>
    c.json(await getMessage(c.var.ctx, c.req.valid("param").message_id)),
  )
  .get("/:message_id/html", responds(200, null), param, valid("query", HtmlQuery), async (c) => {
    const showsRemote = c.req.valid("query").images === "1";
    const { getMessageHtml } = await import("./view.ts");
    const { html, headers } = await getMessageHtml(c.var.ctx, c.req.valid("param").message_id, showsRemote);
    return c.html(html, 200, headers);
  });
