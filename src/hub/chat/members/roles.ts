import { sql } from "../../../platform/d1/sql.ts";
import type { UserCtx } from "../../context.ts";
import { RANK } from "../ranks.ts";
import { isGroupOf, requireOther, requireRank, selectStanding } from "../standing.ts";

/**
 * Makes another member of the caller's group an admin, or a plain member again. Repeating it changes nothing.
 * @throws ServiceError not_found for a room that is not the caller's; forbidden unless the caller owns the group; invalid
 *   for oneself, and for somebody who is no member
 */
export async function setRole(
  { db, user }: UserCtx,
  room: string,
  other: number,
  role: "admin" | "member",
): Promise<void> {
  const [[standing]] = await db.batch([
    selectStanding(user, room, other),
    sql`UPDATE hub_room_members SET rank = ${RANK[role]}
        WHERE room_id = ${room} AND user_id = ${other} AND user_id <> ${user.id} AND rank <> ${RANK[role]}
          AND ${isGroupOf(user, room, RANK.owner)}`,
  ]);
  requireOther(requireRank(standing, RANK.owner), other === user.id);
}

/** Gives the caller's group to another member; the caller is an admin from then on. @throws ServiceError as `setRole` */
export async function transferRoom({ db, user }: UserCtx, room: string, other: number): Promise<void> {
  const isMember = sql`EXISTS (SELECT 1 FROM hub_room_members o WHERE o.room_id = ${room} AND o.user_id = ${other})`;
  const [[standing]] = await db.batch([
    selectStanding(user, room, other),
    // One statement: a group never has two owners, or none.
    sql`UPDATE hub_room_members SET rank = iif(user_id = ${other}, ${RANK.owner}, ${RANK.admin})
        WHERE room_id = ${room} AND user_id IN (${user.id}, ${other}) AND ${other} <> ${user.id}
          AND ${isGroupOf(user, room, RANK.owner)} AND ${isMember}`,
  ]);
  requireOther(requireRank(standing, RANK.owner), other === user.id);
}
