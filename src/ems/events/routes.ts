import { Hono } from "hono";
import { verifyToken } from "../../auth/token.ts";
import { unauthorized } from "../../lib/errors.ts";
import { answer, valid } from "../../lib/validation.ts";
import { createContext, type EmsEnv, ofCompanies } from "../context.ts";
import { pullEvents } from "./pull.ts";
import { EventListResponse, EventsQuery, TicketResponse } from "./schemas.ts";
import { openStream } from "./stream.ts";
import { issueTicket, redeemTicket } from "./tickets.ts";

/** Open: EventSource can set no header, so a token or a ticket is in the URL. */
export const stream = new Hono<EmsEnv>({ strict: false }).get("/events", answer(200, null), async (c) => {
  const ctx = createContext(c.env, c.executionCtx);
  const { ticket, token, last_event_id } = c.req.query();
  if (!ticket && !token) throw unauthorized();
  const user = ticket ? await redeemTicket(ctx, ticket) : await verifyToken(token ?? "", ctx.config);
  // The header is the browser's own, when it connects again: newer than what the URL was made with.
  const since = c.req.header("last-event-id") || last_event_id;
  return c.body(openStream(ofCompanies(ctx, user.companies), user, since), 200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    // nginx and the like would otherwise collect events before they pass them on.
    "x-accel-buffering": "no",
    // A compressed stream would be held back until there is enough to compress.
    "content-encoding": "identity",
  });
});

export const tickets = new Hono<EmsEnv>({ strict: false }).post(
  "/ticket",
  answer(200, TicketResponse),
  async (c) => c.json(await issueTicket(c.var.ctx), 200, { "cache-control": "no-store" }),
);

export const events = new Hono<EmsEnv>({ strict: false }).get(
  "/",
  answer(200, EventListResponse),
  valid("query", EventsQuery),
  async (c) => c.json(await pullEvents(c.var.ctx, c.req.valid("query"))),
);
