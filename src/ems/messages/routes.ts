import { Hono } from "hono";
import { writeJson } from "../../lib/json-stream.ts";
import { responds, valid } from "../../platform/validation.ts";
import type { EmsEnv } from "../context.ts";
import { POSITION_HEADER } from "../events/position.ts";
import { HtmlQuery, MessageParam, MessagesQuery } from "./schemas.ts";
import { getMessage, listMessages } from "./service.ts";
import { getMessageHtml } from "./view.ts";

const param = valid("param", MessageParam);

export const messages = new Hono<EmsEnv>({ strict: false })
  .get("/", responds(200, "MessageListResponse"), valid("query", MessagesQuery), async (c) => {
    const query = c.req.valid("query");
    const { items, total, next_cursor, readAt } = await listMessages(c.var.ctx, query);
    c.header("content-type", "application/json");
    c.header(POSITION_HEADER, readAt);
    return c.body(
      await writeJson({ total, page: query.page, size: query.size, next_cursor }, "items", items),
    );
  })
  .get("/:message_id", responds(200, "MessageResponse"), param, async (c) =>
    c.json(await getMessage(c.var.ctx, c.req.valid("param").message_id)),
  )
  .get("/:message_id/html", responds(200, null), param, valid("query", HtmlQuery), async (c) => {
    const showsRemote = c.req.valid("query").images === "1";
    const ctx = c.var.ctx;
    const { html, policy } = await getMessageHtml(ctx, c.req.valid("param").message_id, showsRemote);
    return c.html(html, 200, documentHeaders(policy, ctx.config.CORS_ORIGINS));
  });

/** The origins that may call the API may also frame a mail's document; without CORS_ORIGINS, any local port may. */
function documentHeaders(policy: string, origins: string[]): Record<string, string> {
  const anyLocal = ["localhost", "127.0.0.1"].flatMap((host) => [`http://${host}:*`, `https://${host}:*`]);
  const framing = `frame-ancestors 'self' ${(origins.length ? origins : anyLocal).join(" ")}`;
  return {
    "cache-control": "private, no-store",
    "content-security-policy": `sandbox allow-popups allow-popups-to-escape-sandbox; ${policy}; ${framing}`,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };
}
