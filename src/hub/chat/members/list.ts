import { notFound } from "../../../lib/errors.ts";
import { isoOf } from "../../../lib/time.ts";
import { sql } from "../../../platform/d1/sql.ts";
import type { UserCtx } from "../../context.ts";
import type { Found, Page } from "../../lists.ts";
import { cardOf, type PersonRow, personColumns } from "../cards.ts";
import { roleOf } from "../ranks.ts";
import type { ChatMemberResponse } from "./responses.ts";

type Row = PersonRow & { id: number; member: number; rank: number; joined_at: number };

/**
 * Lists the members of a room: the owner, the admins, the others, each as they came.
 * @throws ServiceError not_found for a room that is not the caller's
 */
export async function listMembers(
  { db, user, origin }: UserCtx,
  room: string,
  { limit, offset }: Page,
): Promise<Found<ChatMemberResponse>> {
  const [[own], rows] = await db.batch([
    sql<{ member_count: number }>`
      SELECT r.member_count FROM hub_rooms r JOIN hub_room_members m ON m.room_id = r.id AND m.user_id = ${user.id}
      WHERE r.id = ${room} AND r.deleted_at IS NULL`,
    sql<Row>`
      SELECT m.id, m.user_id AS member, m.rank, m.joined_at, ${personColumns(user.id)}
      FROM hub_room_members own
      CROSS JOIN hub_room_members m INDEXED BY hub_room_members_rank ON m.room_id = own.room_id
      LEFT JOIN hub_users u ON u.id = m.user_id AND u.deleted_at IS NULL
      WHERE own.room_id = ${room} AND own.user_id = ${user.id}
      ORDER BY m.rank, m.id LIMIT ${limit} OFFSET ${offset}`,
  ]);
  if (!own) throw notFound("Room");
  const items = rows.map((row) => ({
    id: row.id,
    room,
    user: cardOf(row, row.member, origin),
    role: roleOf(row.rank),
    joined_at: isoOf(row.joined_at),
  }));
  return { items, total: own.member_count };
}
