import { type Context, Hono } from "hono";
import { publicUrl } from "../../../platform/front.ts";
import { responds, valid } from "../../../platform/validation.ts";
import { NAME } from "../../config.ts";
import type { HubEnv } from "../../context.ts";
import { UUID } from "../../fields.ts";
import { body } from "../../requests/middleware.ts";
import { ChatIdParam, RoomParam } from "../schemas.ts";
import { createTicket } from "../tickets.ts";
import { deleteMessage, updateMessage } from "./change.ts";
import { type History, readHistory } from "./history.ts";
import { HistoryQuery, MAX_OFFSET, MessageUpdate } from "./schemas.ts";

/** The routes below /api/chat/message. */
export const messages = () => {
  const id = valid("param", ChatIdParam);

  return new Hono<HubEnv>({ strict: false })
    .get(
      `/:room_id{${UUID}}/list_by_room`,
      responds(200, "ChatHistoryResponse"),
      valid("param", RoomParam),
      valid("query", HistoryQuery),
      async (c) => {
        const query = c.req.valid("query");
        const history = await readHistory(c.var.ctx, c.req.valid("param").room_id, query);
        return sendHistory(c, query, history);
      },
    )
    .patch(`/:id{${UUID}}`, responds(200, "ChatMessageResponse"), id, body(MessageUpdate), async (c) =>
      c.json(await updateMessage(c.var.ctx, c.req.valid("param").id, c.req.valid("json").text)),
    )
    .delete(`/:id{${UUID}}`, responds(204, null), id, async (c) => {
      await deleteMessage(c.var.ctx, c.req.valid("param").id);
      return c.body(null, 204);
    });
};

/** The route of tickets, which open sockets. */
export const tickets = () =>
  new Hono<HubEnv>({ strict: false }).post("/", responds(201, "ChatTicketResponse"), async (c) =>
    c.json(await createTicket(c.var.ctx), 201),
  );

/** The history in the shape of the contract (lines 1777-1811). Its position comes as a header. */
function sendHistory(c: Context, { limit, offset }: { limit: number; offset: number }, history: History) {
  const { count, items, seq } = history;
  const urlOf = (start: number): string => {
    const url = publicUrl(c.req.url, c.env, NAME);
    url.searchParams.set("limit", String(limit));
    url.searchParams.set("offset", String(start));
    return url.href;
  };
  const next = offset + items.length;
  const isMore = items.length === limit && next < count && next <= MAX_OFFSET;
  return c.json(
    {
      count,
      next: isMore ? urlOf(next) : null,
      previous: offset > 0 ? urlOf(Math.max(0, offset - limit)) : null,
      results: items,
    },
    200,
    { "x-chat-seq": String(seq) },
  );
}
