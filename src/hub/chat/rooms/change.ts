import { badField } from "../../../lib/field-errors.ts";
import { type SQL, sql } from "../../../platform/d1/sql.ts";
import { assign } from "../../../platform/d1/write.ts";
import type { UserCtx } from "../../context.ts";
import { notAllowed } from "../../errors.ts";
import { enqueueSoon } from "../../jobs.ts";
import { dropFiles, useFile } from "../../media/rows.ts";
import type { StoredFile } from "../../media/store.ts";
import type { rooms } from "../../schema/rooms.ts";
import { findOwnRoom } from "../access.ts";
import { objectOf } from "../objects.ts";
import { RANK } from "../ranks.ts";
import { isGroupOf, requireRank, selectStanding } from "../standing.ts";
import { getRoom } from "./read.ts";
import type { ChatRoomResponse } from "./responses.ts";
import type { RoomUpdate } from "./schemas.ts";
import { selectTaken, TAKEN } from "./usernames.ts";

/**
 * Changes a group. What is left out stays.
 * @throws ServiceError not_found for a room that is not the caller's; forbidden unless it is a group and the caller its
 *   owner or an admin; invalid for a taken username
 */
export async function updateRoom(
  ctx: UserCtx,
  id: string,
  { profile_pic, ...columns }: RoomUpdate,
): Promise<ChatRoomResponse> {
  const { db, user } = ctx;
  const taken = selectTaken(columns.username, id);
  const isAllowed = sql`${isGroupOf(user, id, RANK.admin)} AND NOT EXISTS (${taken})`;
  const picture = profile_pic === undefined ? {} : { picture: profile_pic?.key ?? null };
  const [[standing], , [changed]] = await db.batch([
    selectStanding(user, id),
    profile_pic === undefined ? [] : replacePicture(id, isAllowed, profile_pic),
    sql`UPDATE hub_rooms SET ${assign<typeof rooms>({ room_type: sql`room_type`, ...columns, ...picture })}
        WHERE id = ${id} AND ${isAllowed} RETURNING id`,
  ]);
  requireRank(standing, RANK.admin);
  if (!changed) throw badField("username", TAKEN);
  if (profile_pic !== undefined) enqueueSoon(ctx, { type: "delete-files" });
  return getRoom(ctx, id);
}

/** The old picture goes, and the new one stays: before the row changes, and only if it does. */
const replacePicture = (room: string, isAllowed: SQL, picture: StoredFile | null): SQL[] => [
  dropFiles(sql`(SELECT picture FROM hub_rooms WHERE id = ${room} AND ${isAllowed})`),
  ...(picture ? [sql`${useFile(picture.key)} AND ${isAllowed}`] : []),
];

/**
 * Deletes all messages of a room. Lists of rooms follow within 10 seconds.
 * @throws ServiceError not_found for a room that is not the caller's; forbidden in a group of somebody else
 */
export async function clearMessages(ctx: UserCtx, id: string): Promise<void> {
  const { isPrivate, rank } = await findOwnRoom(ctx, id);
  if (!isPrivate && rank !== RANK.owner) throw notAllowed();
  await objectOf(ctx, id).clear();
}
