import { Hono } from "hono";
import { streamJson } from "../../lib/json-stream.ts";
import { answer, valid } from "../../lib/validation.ts";
import type { EmsEnv } from "../context.ts";
import { POSITION_HEADER } from "../events/position.ts";
import { parseIfMatch } from "../threads/version.ts";
import {
  HtmlQuery,
  MessageListResponse,
  MessageParam,
  MessageResponse,
  MessagesQuery,
  SendRequest,
} from "./schemas.ts";
import { sendMessage } from "./send.ts";
import { getMessage, getMessageHtml, listMessages } from "./service.ts";

const param = valid("param", MessageParam);

export const messages = new Hono<EmsEnv>({ strict: false })
  .get("/", answer(200, MessageListResponse), valid("query", MessagesQuery), async (c) => {
    const query = c.req.valid("query");
    const { items, total, readAt } = await listMessages(c.var.ctx, query);
    c.header("content-type", "application/json");
    c.header(POSITION_HEADER, readAt);
    return c.body(streamJson({ total, page: query.page, size: query.size }, "items", items));
  })
  .post("/send", answer(200, MessageResponse), valid("json", SendRequest), async (c) => {
    const request = c.req.valid("json");
    return c.json(await sendMessage(c.var.ctx, request, request.reply_to_message_id));
  })
  .get("/:message_id", answer(200, MessageResponse), param, async (c) =>
    c.json(await getMessage(c.var.ctx, c.req.valid("param").message_id)),
  )
  .get("/:message_id/html", answer(200, null), param, valid("query", HtmlQuery), async (c) => {
    const showsRemote = c.req.valid("query").images === "1";
    const { html, headers } = await getMessageHtml(c.var.ctx, c.req.valid("param").message_id, showsRemote);
    return c.html(html, 200, headers);
  })
  .post("/:message_id/reply", answer(200, MessageResponse), param, valid("json", SendRequest), async (c) => {
    const seen = parseIfMatch(c.req.header("if-match"));
    return c.json(await sendMessage(c.var.ctx, c.req.valid("json"), c.req.valid("param").message_id, seen));
  });
