import { sql } from "../../../platform/d1/sql.ts";
import type { Ctx } from "../../context.ts";
import { RANK } from "../ranks.ts";
import { type ChangedRoom, ringRooms } from "../rings.ts";
import { afterEnd, endRooms } from "../rooms/remove.ts";

/** Rooms of one step. */
const STEP = 20;

/**
 * Takes somebody whose account is being deleted out of some of their rooms. Their groups go to the oldest admin, else to the
 * oldest member. A room without anybody ends.
 * @returns of how many rooms they were a member; 0 if nothing is left
 */
export async function leaveRooms(ctx: Ctx, userId: number): Promise<number> {
  const { db } = ctx;
  const rows = await db.all(sql<{ room_id: string }>`
    SELECT room_id FROM hub_room_members WHERE user_id = ${userId} ORDER BY room_id LIMIT ${STEP}`);
  if (rows.length === 0) return 0;
  const some = sql`(SELECT value FROM json_each(${JSON.stringify(rows.map(({ room_id }) => room_id))}))`;
  const [, , , [, ended], rooms] = await db.batch([
    sql`
      UPDATE hub_room_members SET rank = ${RANK.owner} WHERE id IN (
        SELECT (
          SELECT o.id FROM hub_room_members o JOIN hub_users u ON u.id = o.user_id AND u.deleted_at IS NULL
          WHERE o.room_id = m.room_id AND o.user_id <> ${userId} ORDER BY o.rank, o.id LIMIT 1)
        FROM hub_room_members m
        WHERE m.user_id = ${userId} AND m.room_id IN ${some} AND m.rank = ${RANK.owner})`,
    sql`DELETE FROM hub_room_members WHERE user_id = ${userId} AND room_id IN ${some}`,
    sql`DELETE FROM hub_room_listeners WHERE user_id = ${userId} AND room_id IN ${some}`,
    endRooms(sql`r.id IN ${some} AND NOT EXISTS (SELECT 1 FROM hub_room_members m WHERE m.room_id = r.id)`),
    sql<ChangedRoom>`SELECT id, version FROM hub_rooms WHERE id IN ${some} AND deleted_at IS NULL`,
  ]);
  await ringRooms(ctx, rooms, [userId]);
  await Promise.all(ended.map(({ id }) => afterEnd(ctx, id)));
  return rows.length;
}
