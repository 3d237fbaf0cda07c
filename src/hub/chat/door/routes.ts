import { type Context, Hono } from "hono";
import { forbidden, invalid } from "../../../lib/errors.ts";
import { bearerToken } from "../../../platform/auth/bearer.ts";
import { allowedOrigin } from "../../../platform/headers.ts";
import { limitOpen } from "../../../platform/rate-limit.ts";
import { responds, valid } from "../../../platform/validation.ts";
import type { OpenEnv } from "../../context.ts";
import { UUID } from "../../fields.ts";
import { ARRIVAL, type Arrival, CLOSE } from "../contract.ts";
import { objectOf } from "../objects.ts";
import { RoomParam } from "../schemas.ts";
import { findDoor } from "./connect.ts";

/** The subprotocol that brings a token: `new WebSocket(url, ["xabar.bearer", token])`. */
const PROTOCOL = "xabar.bearer";

/** The socket of a room (contract, line 1947). Browsers send no token by a header, so it has several ways to come. */
export const chatSocket = () =>
  new Hono<OpenEnv>({ strict: false }).get(
    `/chat/:room_id{${UUID}}`,
    limitOpen,
    responds(101, null),
    valid("param", RoomParam),
    async (c) => {
      requireUpgrade(c);
      const { room_id } = c.req.valid("param");
      const door = await findDoor(c.var.ctx, room_id);
      if (!door) return withProtocol(c, closed(CLOSE.notFound, "The room does not exist"));
      const arrival = { ...door, ...credentialsOf(c), origin: c.var.ctx.origin };
      return withProtocol(c, await objectOf(c.var.ctx, room_id).fetch(upgradeOf(c, arrival)));
    },
  );

/** Security: another site's page may not open a socket with what a browser knows. */
function requireUpgrade(c: Context<OpenEnv>): void {
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket")
    throw invalid("This path is for WebSocket connections: send Upgrade: websocket.");
  const origin = c.req.header("origin");
  const isOwn = origin === undefined || origin === new URL(c.req.url).origin;
  if (!isOwn && allowedOrigin(origin, c.var.ctx.config.CORS_ORIGINS) === null)
    throw forbidden("This origin may not connect: see CORS_ORIGINS.");
}

/** The request to the room's Object. The path stays here, since a token or a ticket may be in it. */
function upgradeOf(c: Context, arrival: Arrival): Request {
  const headers = new Headers(c.req.raw.headers);
  headers.set(ARRIVAL, JSON.stringify(arrival));
  return new Request("https://room/", { headers });
}

function credentialsOf(c: Context<OpenEnv>): Pick<Arrival, "token" | "ticket" | "since"> {
  const [name, token] = (c.req.header("sec-websocket-protocol") ?? "").split(",").map((each) => each.trim());
  const since = c.req.query("since") ?? "";
  return {
    token:
      bearerToken(c.req.raw.headers) ??
      (name === PROTOCOL ? token : undefined) ??
      c.req.query("token") ??
      null,
    ticket: c.req.query("ticket") ?? null,
    since: /^\d{1,15}$/.test(since) ? Number(since) : null,
  };
}

/** Of the subprotocols only the name comes back: a browser closes the socket otherwise. */
function withProtocol(c: Context, { status, webSocket }: Response): Response {
  const asked = c.req.header("sec-websocket-protocol")?.split(",")[0]?.trim();
  const headers = asked === PROTOCOL ? { "sec-websocket-protocol": PROTOCOL } : undefined;
  return new Response(null, { status, webSocket, ...(headers ? { headers } : {}) });
}

function closed(code: number, reason: string): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.close(code, reason);
  return new Response(null, { status: 101, webSocket: client });
}
