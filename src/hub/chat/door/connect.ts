import { sql } from "../../../platform/d1/sql.ts";
import type { Ctx } from "../../context.ts";
import type { Arrival } from "../contract.ts";

/** What a room's Object needs to know of its room; undefined if there is no such room. It reads one row. */
export async function findDoor(
  { db }: Ctx,
  room: string,
): Promise<Pick<Arrival, "roomKey" | "isPrivate"> | undefined> {
  const [found] = await db.all(sql<{ key: number; room_type: string }>`
    SELECT key, room_type FROM hub_rooms WHERE id = ${room} AND deleted_at IS NULL`);
  return found && { roomKey: found.key, isPrivate: found.room_type === "private" };
}
