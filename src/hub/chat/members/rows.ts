import { type SQL, sql } from "../../../platform/d1/sql.ts";

/** Deletes a member. A trigger raises the room's version. @param isAllowed a condition on the row */
export const deleteMember = (room: string, user: number, isAllowed: SQL): SQL => sql`
  DELETE FROM hub_room_members WHERE room_id = ${room} AND user_id = ${user} AND ${isAllowed} RETURNING id`;

/** For `ring`: after the change, in its batch. */
export const selectVersion = (room: string): SQL<{ version: number }> =>
  sql`SELECT version FROM hub_rooms WHERE id = ${room}`;
