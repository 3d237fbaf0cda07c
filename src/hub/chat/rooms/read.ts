import { notFound } from "../../../lib/errors.ts";
import { type SQL, sql } from "../../../platform/d1/sql.ts";
import type { UserCtx } from "../../context.ts";
import { findList } from "../../find-list.ts";
import type { Found, Page } from "../../lists.ts";
import { personColumns } from "../cards.ts";
import type { ChatRoomResponse } from "./responses.ts";
import { MAX_MEMBERS, type MemberRow, type RoomRow, toRoom } from "./view.ts";

/** Deleted messages that an unread count looks at: with more of them since the last read one it is too high. */
const MAX_DELETIONS = 1000;

/** Lists the caller's rooms, the last active first. It reads two rows for each room of the caller, then as `readRooms`. */
export async function listRooms(ctx: UserCtx, page: Page): Promise<Found<ChatRoomResponse>> {
  const list = {
    columns: sql<{ id: string }>`r.id`,
    from: sql`FROM hub_room_members m JOIN hub_rooms r ON r.id = m.room_id AND r.deleted_at IS NULL
              WHERE m.user_id = ${ctx.user.id}`,
    order: sql`r.active_at DESC, r.id`,
  };
  const { items, total } = await findList(ctx, page, list);
  return {
    items: await readRooms(
      ctx,
      items.map(({ id }) => id),
    ),
    total,
  };
}

/** @throws ServiceError not_found for a room that is not the caller's */
export async function getRoom(ctx: UserCtx, id: string): Promise<ChatRoomResponse> {
  const [room] = await readRooms(ctx, [id]);
  if (!room) throw notFound("Room");
  return room;
}

/** Reads rooms of the caller, in this order, with at most 100 members of each. Others are left out. */
async function readRooms({ db, user, origin }: UserCtx, ids: string[]): Promise<ChatRoomResponse[]> {
  if (ids.length === 0) return [];
  const rooms = JSON.stringify(ids);
  const [rows, members] = await db.batch([selectRooms(user.id, rooms), selectMembers(user.id, rooms)]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const byRoom = Map.groupBy(members, ({ room_id }) => room_id);
  return ids.flatMap((id) => {
    const row = byId.get(id);
    return row ? toRoom(row, byRoom.get(id) ?? [], { me: user.id, origin }) : [];
  });
}

/** Somebody who sends has read all up to their message. */
const selectRooms = (me: number, rooms: string): SQL<RoomRow> => sql`
  SELECT r.id, r.room_type, r.name, r.username AS room_username, r.description, r.picture, r.member_count, r.last_message,
    r.created_at, ${personColumns(me)},
    max(0, r.last_number - max(m.read_number, r.cleared_number) - (SELECT count(*) FROM (
      SELECT 1 FROM hub_room_deletions d WHERE d.room_id = r.id AND d.number > max(m.read_number, r.cleared_number)
      LIMIT ${MAX_DELETIONS}))) AS unread
  FROM json_each(${rooms}) p CROSS JOIN hub_rooms r ON r.id = p.value
  CROSS JOIN hub_room_members m ON m.room_id = r.id AND m.user_id = ${me}
  LEFT JOIN hub_users u ON u.id = r.last_message ->> 'sender' AND u.deleted_at IS NULL
  WHERE r.deleted_at IS NULL`;

/** The first members of each room, and the caller. By their index: never more rows of a room than are wanted. */
const selectMembers = (me: number, rooms: string): SQL<MemberRow> => sql`
  SELECT p.value AS room_id, m.value ->> 0 AS member, m.value ->> 1 AS rank, ${personColumns(me)}
  FROM json_each(${rooms}) p
  CROSS JOIN hub_room_members own ON own.room_id = p.value AND own.user_id = ${me}
  CROSS JOIN json_each((
    SELECT json_group_array(json_array(user_id, rank)) FROM (
      SELECT * FROM (
        SELECT x.user_id, x.rank FROM hub_room_members x INDEXED BY hub_room_members_rank WHERE x.room_id = p.value
        ORDER BY x.rank, x.id LIMIT ${MAX_MEMBERS})
      UNION ALL SELECT own.user_id, own.rank))) m
  LEFT JOIN hub_users u ON u.id = m.value ->> 0 AND u.deleted_at IS NULL`;
