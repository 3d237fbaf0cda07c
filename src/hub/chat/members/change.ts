import { badField } from "../../../lib/field-errors.ts";
import { sql } from "../../../platform/d1/sql.ts";
import type { UserCtx } from "../../context.ts";
import { notAllowed } from "../../errors.ts";
import { isOpenTo } from "../../people/visibility.ts";
import { ring } from "../objects.ts";
import { RANK } from "../ranks.ts";
import { isGroupOf, requireOther, requireRank, selectStanding } from "../standing.ts";
import { deleteMember, selectVersion } from "./rows.ts";

/**
 * Adds somebody to a group, also after they were removed.
 * @throws ServiceError not_found for a room that is not the caller's; forbidden unless the caller is the owner or an admin of
 *   the group; invalid for a member, for somebody who is not seen, and for a private profile that does not have the caller
 *   as contact
 */
export async function addMember({ db, user }: UserCtx, room: string, other: number): Promise<void> {
  const mayAdd = isGroupOf(user, room, RANK.admin);
  const [[standing], [added]] = await db.batch([
    selectStanding(user, room, other),
    sql`
      INSERT INTO hub_room_members (room_id, user_id, rank, read_number, joined_at)
      SELECT g.id, u.id, ${RANK.member}, g.last_number, ${Date.now()} FROM hub_rooms g CROSS JOIN hub_users u
      WHERE g.id = ${room} AND u.id = ${other} AND ${isOpenTo(user.id)} AND ${mayAdd}
      ON CONFLICT DO NOTHING RETURNING id`,
    sql`DELETE FROM hub_room_removals WHERE room_id = ${room} AND user_id = ${other} AND ${mayAdd}
        AND EXISTS (SELECT 1 FROM hub_room_members m WHERE m.room_id = ${room} AND m.user_id = ${other})`,
  ]);
  const { other_rank } = requireRank(standing, RANK.admin);
  if (other_rank !== null) throw badField("user_id", "This user is already a member of the room.");
  if (!added) throw badField("user_id", `Invalid pk "${other}" - object does not exist.`);
}

/**
 * Removes another member from a group: they cannot join by themselves any more, and hear nothing from now on.
 * @throws ServiceError not_found for a room that is not the caller's; forbidden unless the caller is its owner, or an admin
 *   and the other neither; invalid for oneself, and for somebody who is no member
 */
export async function removeMember(ctx: UserCtx, room: string, other: number): Promise<void> {
  const { db, user } = ctx;
  const isBelow = sql`user_id <> ${user.id} AND (${isGroupOf(user, room, RANK.owner)}
    OR (${isGroupOf(user, room, RANK.admin)} AND rank = ${RANK.member}))`;
  const [[standing], , [removed], [version]] = await db.batch([
    selectStanding(user, room, other),
    sql`INSERT INTO hub_room_removals (room_id, user_id) SELECT room_id, user_id FROM hub_room_members
        WHERE room_id = ${room} AND user_id = ${other} AND ${isBelow} ON CONFLICT DO NOTHING`,
    deleteMember(room, other, isBelow),
    selectVersion(room),
  ]);
  requireOther(requireRank(standing, RANK.admin), other === user.id);
  if (!removed) throw notAllowed();
  if (version) await ring(ctx, room, { ...version, users: [other] });
}
