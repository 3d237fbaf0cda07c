import { type Context, Hono } from "hono";
import { parseIfMatch } from "../../platform/etag.ts";
import { responds, valid } from "../../platform/validation.ts";
import type { EmsEnv } from "../context.ts";
import { MessageParam } from "../messages/schemas.ts";
import { idempotent } from "../middleware.ts";
import { cancelOutboxEntry, getOutboxEntry, listOutbox } from "./outbox.ts";
import { prefill } from "./prefill.ts";
import {
  ComposeQuery,
  ForwardRequest,
  OutboxParam,
  OutboxQuery,
  ReplyAllRequest,
  SendRequest,
} from "./schemas.ts";
import { forward, replyAll, type SendOptions, type Sent, sendMessage } from "./send.ts";

/** The responses of every route that sends. */
export const SENT = responds(200, "MessageResponse", { status: 202, schema: "OutboxResponse" });

/** Responds with the sent message (200), or with the outbox entry of a mail that is due later (202). */
export const answerSent = (c: Context<EmsEnv>, result: Sent) =>
  "message" in result ? c.json(result.message) : c.json(result.waiting, 202);

const message = valid("param", MessageParam);

/** Routes that send, reply and forward, mounted on /messages. */
export const sending = new Hono<EmsEnv>({ strict: false })
  .post("/send", idempotent, SENT, valid("json", SendRequest), async (c) => {
    const request = c.req.valid("json");
    return answerSent(
      c,
      await sendMessage(c.var.ctx, request, { ...optionsOf(c), replyTo: request.reply_to_message_id }),
    );
  })
  .get(
    "/:message_id/compose",
    responds(200, "ComposeResponse"),
    message,
    valid("query", ComposeQuery),
    async (c) => {
      return c.json(await prefill(c.var.ctx, c.req.valid("param").message_id, c.req.valid("query")));
    },
  )
  .post("/:message_id/reply", idempotent, SENT, message, valid("json", SendRequest), async (c) => {
    const { message_id: replyTo } = c.req.valid("param");
    return answerSent(c, await sendMessage(c.var.ctx, c.req.valid("json"), { ...optionsOf(c), replyTo }));
  })
  .post("/:message_id/reply-all", idempotent, SENT, message, valid("json", ReplyAllRequest), async (c) => {
    const { message_id } = c.req.valid("param");
    return answerSent(c, await replyAll(c.var.ctx, message_id, c.req.valid("json"), optionsOf(c)));
  })
  .post("/:message_id/forward", idempotent, SENT, message, valid("json", ForwardRequest), async (c) => {
    const { message_id } = c.req.valid("param");
    return answerSent(c, await forward(c.var.ctx, message_id, c.req.valid("json"), optionsOf(c)));
  });

const optionsOf = (c: Context<EmsEnv>): SendOptions => ({
  seen: parseIfMatch(c.req.header("if-match")),
  idempotencyKey: c.var.idempotencyKey ?? null,
});

const entry = valid("param", OutboxParam);

export const outbox = new Hono<EmsEnv>({ strict: false })
  .get("/", responds(200, "OutboxListResponse"), valid("query", OutboxQuery), async (c) =>
    c.json(await listOutbox(c.var.ctx, c.req.valid("query"))),
  )
  .get("/:outbox_id", responds(200, "OutboxDetailResponse"), entry, async (c) =>
    c.json(await getOutboxEntry(c.var.ctx, c.req.valid("param").outbox_id)),
  )
  .post("/:outbox_id/cancel", responds(200, "OutboxResponse"), entry, async (c) =>
    c.json(await cancelOutboxEntry(c.var.ctx, c.req.valid("param").outbox_id)),
  );
