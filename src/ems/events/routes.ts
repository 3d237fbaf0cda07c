import { type Context, Hono } from "hono";
import { ServiceError, unauthenticated } from "../../lib/errors.ts";
import { writeJson } from "../../lib/json-stream.ts";
import { bearerToken } from "../../platform/auth/bearer.ts";
import { limitAddress } from "../../platform/rate-limit.ts";
import { responds, valid } from "../../platform/validation.ts";
import { type Ctx, createContext, type EmsEnv, ofCompanies } from "../context.ts";
import { type CurrentUser, verifyUser } from "../user.ts";
import { pullEvents } from "./pull.ts";
import { EventsQuery } from "./schemas.ts";
import { openStream } from "./stream.ts";
import { issueTicket, redeemTicket } from "./tickets.ts";

const STREAM_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  // Keeps nginx and other proxies from buffering events.
  "x-accel-buffering": "no",
  // Compression would hold events back until its buffer is full.
  "content-encoding": "identity",
};

/** Outside the token guard: EventSource cannot set headers, so the URL may have a token or a ticket instead. */
export const stream = new Hono<EmsEnv>({ strict: false }).get("/events", responds(200, null), async (c) => {
  const ctx = createContext(c.env, c.executionCtx);
  const { last_event_id, lastEventId, ...key } = c.req.query();
  const user = await admit(c, ctx, key);
  // A reconnecting browser sends the header, which is newer than the URL. A common polyfill sends `lastEventId`.
  const since = c.req.header("last-event-id") || last_event_id || lastEventId;
  return c.body(openStream(ofCompanies(ctx, user.companies), user, since), 200, STREAM_HEADERS);
});

/** Authenticates the caller of a stream. Only failures count against the limit of their address. */
async function admit(
  c: Context<EmsEnv>,
  ctx: Ctx,
  { ticket, token }: { ticket?: string; token?: string },
): Promise<CurrentUser> {
  try {
    if (ticket) return await redeemTicket(ctx, ticket);
    const given = token || bearerToken(c.req.raw.headers);
    if (given) return await verifyUser(given, ctx.config);
    throw unauthenticated();
  } catch (error) {
    if (error instanceof ServiceError && error.code === "unauthenticated") await limitAddress(c);
    throw error;
  }
}

export const tickets = new Hono<EmsEnv>({ strict: false }).post(
  "/ticket",
  responds(200, "TicketResponse"),
  async (c) => c.json(await issueTicket(c.var.ctx), 200, { "cache-control": "no-store" }),
);

export const events = new Hono<EmsEnv>({ strict: false }).get(
  "/",
  responds(200, "EventListResponse"),
  valid("query", EventsQuery),
  async (c) => {
    const { head, items } = await pullEvents(c.var.ctx, c.req.valid("query"));
    return c.body(await writeJson(head, "items", items), 200, { "content-type": "application/json" });
  },
);
