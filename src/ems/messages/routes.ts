import { type Context, Hono } from "hono";
import { streamJson } from "../../lib/json-stream.ts";
import { answer, valid } from "../../platform/validation.ts";
import type { EmsEnv } from "../context.ts";
import { POSITION_HEADER } from "../events/position.ts";
import { idempotent } from "../idempotency.ts";
import { answerSent, SENT } from "../sending/answer.ts";
import { forward, replyAll, type SendOptions, sendMessage } from "../sending/send.ts";
import { parseIfMatch } from "../threads/version.ts";
import {
  ComposeQuery,
  ComposeResponse,
  ForwardRequest,
  HtmlQuery,
  MessageListResponse,
  MessageParam,
  MessageResponse,
  MessagesQuery,
  ReplyAllRequest,
  SendRequest,
} from "./schemas.ts";
import { getMessage, listMessages } from "./service.ts";

const param = valid("param", MessageParam);

// What understands HTML is imported where it is needed: no start of the Worker pays for it.
export const messages = new Hono<EmsEnv>({ strict: false })
  .get("/", answer(200, MessageListResponse), valid("query", MessagesQuery), async (c) => {
    const query = c.req.valid("query");
    const { items, total, next_cursor, readAt } = await listMessages(c.var.ctx, query);
    c.header("content-type", "application/json");
    c.header(POSITION_HEADER, readAt);
    return c.body(streamJson({ total, page: query.page, size: query.size, next_cursor }, "items", items));
  })
  .post("/send", idempotent, SENT, valid("json", SendRequest), async (c) => {
    const request = c.req.valid("json");
    return answerSent(
      c,
      await sendMessage(c.var.ctx, request, { ...optionsOf(c), replyTo: request.reply_to_message_id }),
    );
  })
  .get("/:message_id", answer(200, MessageResponse), param, async (c) =>
    c.json(await getMessage(c.var.ctx, c.req.valid("param").message_id)),
  )
  .get("/:message_id/html", answer(200, null), param, valid("query", HtmlQuery), async (c) => {
    const showsRemote = c.req.valid("query").images === "1";
    const { getMessageHtml } = await import("./view.ts");
    const { html, headers } = await getMessageHtml(c.var.ctx, c.req.valid("param").message_id, showsRemote);
    return c.html(html, 200, headers);
  })
  .get(
    "/:message_id/compose",
    answer(200, ComposeResponse),
    param,
    valid("query", ComposeQuery),
    async (c) => {
      const { prefill } = await import("../sending/prefill.ts");
      return c.json(await prefill(c.var.ctx, c.req.valid("param").message_id, c.req.valid("query")));
    },
  )
  .post("/:message_id/reply", idempotent, SENT, param, valid("json", SendRequest), async (c) => {
    const { message_id: replyTo } = c.req.valid("param");
    return answerSent(c, await sendMessage(c.var.ctx, c.req.valid("json"), { ...optionsOf(c), replyTo }));
  })
  .post("/:message_id/reply-all", idempotent, SENT, param, valid("json", ReplyAllRequest), async (c) => {
    const { message_id } = c.req.valid("param");
    return answerSent(c, await replyAll(c.var.ctx, message_id, c.req.valid("json"), optionsOf(c)));
  })
  .post("/:message_id/forward", idempotent, SENT, param, valid("json", ForwardRequest), async (c) => {
    const { message_id } = c.req.valid("param");
    return answerSent(c, await forward(c.var.ctx, message_id, c.req.valid("json"), optionsOf(c)));
  });

const optionsOf = (c: Context<EmsEnv>): SendOptions => ({
  seen: parseIfMatch(c.req.header("if-match")),
  idempotencyKey: c.var.idempotencyKey ?? null,
});
