import { type SQL, sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import { sendAll } from "../../platform/queues.ts";
import type { Ctx } from "../context.ts";
import type { Job } from "../jobs.ts";
import { ring } from "./objects.ts";

// What changes who may hear what, outside of chat: blocks, and sessions that end. The statements here are for the batch of
// the change, and `ringRooms` is for after its commit.

/** Rooms that a request rings itself. */
const AT_ONCE = 50;

/** A room with its version after a change. */
export interface ChangedRoom {
  id: string;
  version: number;
}

/**
 * Notes that the rooms where somebody listens must look at sessions again.
 * @param user an SQL expression: an id
 * @param only a condition
 */
export const changeListened = (user: SQL, only = sql`1`): SQL<ChangedRoom> => sql<ChangedRoom>`
  UPDATE hub_rooms SET version = version + 1
  WHERE id IN (SELECT room_id FROM hub_room_listeners WHERE user_id = ${user}) AND ${only} RETURNING id, version`;

/** Notes that the rooms that two people share must look at blocks again. @param only a condition */
export const changeShared = (a: number, b: number, only: SQL): SQL<ChangedRoom> => sql<ChangedRoom>`
  UPDATE hub_rooms SET version = version + 1
  WHERE id IN (
    SELECT m.room_id FROM hub_room_members m JOIN hub_room_members o ON o.room_id = m.room_id AND o.user_id = ${b}
    WHERE m.user_id = ${a}) AND ${only} RETURNING id, version`;

/**
 * Tells rooms, after the commit, that some may hear less: the first 50 at once, the others by jobs. It never fails: a room
 * that is not told asks by itself at the latest 30 seconds later.
 */
export async function ringRooms(ctx: Ctx, rooms: ChangedRoom[], users: number[]): Promise<void> {
  const jobs = rooms.slice(AT_ONCE).map(({ id: room }): { body: Job } => ({
    body: { type: "ring-room", room, users },
  }));
  await Promise.all([
    ...rooms.slice(0, AT_ONCE).map(({ id, version }) => ring(ctx, id, { version, users })),
    sendAll(ctx.env.HUB_JOBS, jobs).catch((error) => log("warn", "chat.ring_failed", { error })),
  ]);
}
