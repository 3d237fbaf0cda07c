import { notFound } from "../../../lib/errors.ts";
import { badField } from "../../../lib/field-errors.ts";
import { sql } from "../../../platform/d1/sql.ts";
import type { UserCtx } from "../../context.ts";
import { notAllowed } from "../../errors.ts";
import { ring } from "../objects.ts";
import { RANK } from "../ranks.ts";
import { afterEnd, endRoom } from "../rooms/remove.ts";
import { isGroupOf, requireMember, selectStanding } from "../standing.ts";
import { deleteMember, selectVersion } from "./rows.ts";

/**
 * Joins a group by its id. A group has no limit of members.
 * @throws ServiceError not_found; forbidden for a private room, and for somebody who was removed from the group; invalid for
 *   a member
 */
export async function joinRoom({ db, user }: UserCtx, room: string): Promise<void> {
  const isRemoved = sql`EXISTS (SELECT 1 FROM hub_room_removals x WHERE x.room_id = r.id AND x.user_id = ${user.id})`;
  const [[found], [joined]] = await db.batch([
    sql<{ room_type: string; is_removed: 0 | 1 }>`
      SELECT r.room_type, ${isRemoved} AS is_removed FROM hub_rooms r WHERE r.id = ${room} AND r.deleted_at IS NULL`,
    sql`
      INSERT INTO hub_room_members (room_id, user_id, rank, read_number, joined_at)
      SELECT r.id, u.id, ${RANK.member}, r.last_number, ${Date.now()} FROM hub_rooms r CROSS JOIN hub_users u
      WHERE r.id = ${room} AND r.deleted_at IS NULL AND r.room_type = 'group' AND NOT ${isRemoved}
        AND u.id = ${user.id} AND u.deleted_at IS NULL
      ON CONFLICT DO NOTHING RETURNING id`,
  ]);
  if (!found) throw notFound("Room");
  if (found.room_type === "private" || found.is_removed) throw notAllowed();
  if (!joined) throw badField("non_field_errors", "You are already a member of this room.");
}

/**
 * Leaves a group. Its owner leaves only alone: then it ends.
 * @throws ServiceError not_found for a room that is not the caller's; forbidden for a private room, and for the owner
 */
export async function leaveRoom(ctx: UserCtx, room: string): Promise<void> {
  const { db, user } = ctx;
  const isAlone = sql`
    r.room_type = 'group'
    AND EXISTS (SELECT 1 FROM hub_room_members m WHERE m.room_id = r.id AND m.user_id = ${user.id})
    AND NOT EXISTS (SELECT 1 FROM hub_room_members m WHERE m.room_id = r.id AND m.user_id <> ${user.id})`;
  const mayLeave = sql`${isGroupOf(user, room, RANK.member)} AND rank <> ${RANK.owner}`;
  const [[standing], [, ended], [left], [version]] = await db.batch([
    selectStanding(user, room),
    endRoom(room, isAlone),
    deleteMember(room, user.id, mayLeave),
    selectVersion(room),
  ]);
  requireMember(standing);
  if (ended?.length) return afterEnd(ctx, room);
  if (!left) throw notAllowed();
  if (version) await ring(ctx, room, { ...version, users: [user.id] });
}
