import { notFound } from "../../lib/errors.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import { isUnblocked } from "../people/visibility.ts";
import { RANK } from "./ranks.ts";

/** A room that the caller is a member of. */
export interface OwnRoom {
  id: string;
  key: number;
  isPrivate: boolean;
  /** See `RANK`. */
  rank: number;
  /** May change the group, and delete anybody's messages. */
  isModerator: boolean;
  /** A private room where one of the two has blocked the other: nothing new is said in it. */
  isSilenced: boolean;
}

/** Finds a room of the caller by its id. It reads two rows. @throws ServiceError not_found, alike for rooms of others */
export const findOwnRoom = (ctx: UserCtx, id: string): Promise<OwnRoom> => findBy(ctx, sql`r.id = ${id}`);

/** Finds a room of the caller by the key in the ids of its messages. @throws ServiceError not_found */
export const findRoomOfKey = (ctx: UserCtx, key: number): Promise<OwnRoom> =>
  findBy(ctx, sql`r.key = ${key}`);

async function findBy({ db, user }: UserCtx, which: SQL): Promise<OwnRoom> {
  const other = sql`
    SELECT 1 FROM hub_room_members o
    WHERE o.room_id = r.id AND o.user_id <> ${user.id} AND NOT (${isUnblocked(user.id, sql`o.user_id`)})`;
  const [row] = await db.all(sql<Row>`
    SELECT r.id, r.key, r.room_type, m.rank, iif(r.room_type = 'private', EXISTS (${other}), 0) AS is_silenced
    FROM hub_rooms r JOIN hub_room_members m ON m.room_id = r.id AND m.user_id = ${user.id}
    WHERE ${which} AND r.deleted_at IS NULL`);
  if (!row) throw notFound("Room");
  const isPrivate = row.room_type === "private";
  return {
    ...{ id: row.id, key: row.key, isPrivate, rank: row.rank },
    isModerator: !isPrivate && row.rank <= RANK.admin,
    isSilenced: row.is_silenced === 1,
  };
}

type Row = { id: string; key: number; room_type: string; rank: number; is_silenced: 0 | 1 };
