import { sql } from "../../../platform/d1/sql.ts";
import type { OpenCtx } from "../../context.ts";
import { objectOf } from "../objects.ts";
import { ARRIVAL, type Arrival } from "../room/contract.ts";

/** Whatever a client brings to open a socket. */
export type Credentials = Pick<Arrival, "token" | "ticket" | "since">;

/**
 * Opens a socket in the room's Object, which finds out who it is.
 * @param upgrade the client's request
 * @returns the answer with the socket; null if there is no such room
 */
export async function connect(
  ctx: OpenCtx,
  room: string,
  upgrade: Headers,
  credentials: Credentials,
): Promise<Response | null> {
  const [found] = await ctx.db.all(sql<{ key: number; room_type: string }>`
    SELECT key, room_type FROM hub_rooms WHERE id = ${room} AND deleted_at IS NULL`);
  if (!found) return null;
  const arrival: Arrival = {
    ...credentials,
    ...{ roomKey: found.key, isPrivate: found.room_type === "private", origin: ctx.origin },
  };
  const headers = new Headers(upgrade);
  headers.set(ARRIVAL, JSON.stringify(arrival));
  return objectOf(ctx, room).fetch(new Request("https://room/", { headers }));
}
