import { type SQL, sql } from "../../../platform/d1/sql.ts";
import { log } from "../../../platform/log.ts";
import type { Ctx, UserCtx } from "../../context.ts";
import { notAllowed } from "../../errors.ts";
import { enqueueJob, enqueueSoon } from "../../jobs.ts";
import { dropFiles } from "../../media/rows.ts";
import { objectOf } from "../objects.ts";
import { RANK } from "../ranks.ts";
import { requireMember, selectStanding } from "../standing.ts";

/** Rows of each kind that one transaction removes, and transactions of one job. */
const STEP = 500;
const STEPS = 10;
/** Rooms of one step of cron. */
const ROOMS = 5;
/** In milliseconds: a younger deletion still has its job. */
const JOB_MS = 60_000;

/**
 * Deletes a room, for all its members. It is gone at once; what belonged to it goes by a job.
 * @throws ServiceError not_found for a room that is not the caller's; forbidden in a group of somebody else
 */
export async function deleteRoom(ctx: UserCtx, id: string): Promise<void> {
  const { db, user } = ctx;
  const mayEnd = sql`EXISTS (
    SELECT 1 FROM hub_room_members m WHERE m.room_id = r.id AND m.user_id = ${user.id}
      AND (r.room_type = 'private' OR m.rank = ${RANK.owner}))`;
  const [[standing], [, ended]] = await db.batch([selectStanding(user, id), endRoom(id, mayEnd)]);
  requireMember(standing);
  if (!ended?.length) throw notAllowed();
  await afterEnd(ctx, id);
}

/** Ends a room: see `endRooms`. @param mayEnd a condition on the room, whose row has the alias `r` */
export const endRoom = (id: string, mayEnd: SQL): [SQL, SQL<{ id: string }>] =>
  endRooms(sql`r.id = ${id} AND ${mayEnd}`);

/**
 * Ends rooms: nobody sees them any more, and their usernames and pairs are free. For a batch, after which `afterEnd` is
 * called for each row that the second statement returns.
 * @param which a condition on the room, whose row has the alias `r`
 */
export const endRooms = (which: SQL): [SQL, SQL<{ id: string }>] => {
  const isEnding = sql`r.deleted_at IS NULL AND ${which}`;
  return [
    dropFiles(sql`(SELECT r.picture FROM hub_rooms r WHERE ${isEnding})`),
    sql`UPDATE hub_rooms AS r SET deleted_at = ${Date.now()}, username = NULL, pair = NULL, version = version + 1
        WHERE ${isEnding} RETURNING id`,
  ];
};

/** Closes the sockets of a room that has ended, and lets a job remove what is left of it. It never fails. */
export async function afterEnd(ctx: Ctx, id: string): Promise<void> {
  enqueueSoon(ctx, { type: "clear-room", room: id });
  try {
    await objectOf(ctx, id).end();
  } catch (error) {
    log("warn", "chat.end_failed", { error });
  }
}

/** Job: removes what is left of a room that has ended. What is left after some steps is left to the next job. */
export async function clearRoom(ctx: Ctx, { room }: { room: string }): Promise<void> {
  for (let step = 0; step < STEPS; step++) if (await isCleared(ctx, room)) return;
  await enqueueJob(ctx, { type: "clear-room", room });
}

/** Cron: does one step for some rooms whose job is lost. @returns how many went on */
export async function clearRooms(ctx: Ctx): Promise<number> {
  const waiting = await ctx.db.all(sql<{ id: string }>`
    SELECT id FROM hub_rooms WHERE deleted_at < ${Date.now() - JOB_MS} ORDER BY deleted_at LIMIT ${ROOMS}`);
  let done = 0;
  for (const { id } of waiting) {
    try {
      await isCleared(ctx, id);
      done++;
    } catch (error) {
      log("error", "chat.clear_failed", { error });
    }
  }
  return done;
}

/** What belongs to a room: the table, and its key. */
const PARTS = [
  ["hub_room_members", "id"],
  ["hub_room_removals", "room_id, user_id"],
  ["hub_room_deletions", "room_id, number"],
  ["hub_room_listeners", "user_id, room_id"],
] as const;

/**
 * Removes some rows of a room that has ended, at last the room. @returns true if nothing is left
 * @throws Error when the database or the Object fails: the job is tried again
 */
async function isCleared(ctx: Ctx, id: string): Promise<boolean> {
  const { db } = ctx;
  const isEnded = sql`EXISTS (SELECT 1 FROM hub_rooms WHERE id = ${id} AND deleted_at IS NOT NULL)`;
  const removed = await db.batch(
    PARTS.map(([table, key]) => {
      const [t, k] = [sql.raw(table), sql.raw(key)];
      return sql`DELETE FROM ${t} WHERE (${k}) IN (SELECT ${k} FROM ${t} WHERE room_id = ${id} LIMIT ${STEP})
                 AND ${isEnded} RETURNING 1`;
    }),
  );
  if (removed.some((rows) => rows.length === STEP)) return false;
  // Again: somebody may have come in while it ended.
  await objectOf(ctx, id).end();
  const none = PARTS.map(
    ([table]) => sql`NOT EXISTS (SELECT 1 FROM ${sql.raw(table)} WHERE room_id = ${id})`,
  );
  const [, [left]] = await db.batch([
    sql`DELETE FROM hub_rooms WHERE id = ${id} AND deleted_at IS NOT NULL AND ${sql.join(none, sql` AND `)}`,
    sql`SELECT 1 FROM hub_rooms WHERE id = ${id} AND deleted_at IS NOT NULL`,
  ]);
  return left === undefined;
}
