import { lazy } from "../../lib/lazy.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import { leaveRooms } from "../chat/members/erase.ts";
import type { Ctx } from "../context.ts";
import { enqueueJob } from "../jobs.ts";
import { dropFiles } from "../media/rows.ts";

/** Rows that a statement deletes, at most. */
const ROWS = 500;
/** Posts or stories that are erased together. */
const THINGS = 20;
/** Steps of one job that find something. D1 takes 1,000 queries of one invocation. */
const ROUNDS = 40;
/** Accounts of one step of cron. */
const ACCOUNTS = 5;

/** In milliseconds: a younger deletion still has its job. */
const JOB_MS = 60_000;
/** In seconds. Requests that were under way may have written something, uploads the latest. */
const SWEEP_DELAY = 900;

/** Erases a bounded part of what somebody has. @returns how many rows; 0 if nothing is left */
type Step = (ctx: Ctx, userId: number) => Promise<number>;

/** A table, the column in which it is looked for, which must have an index, and its key. */
type Rows = [table: string, column: string, key?: string];

/** Deletes what is somebody's in a table. */
const removeRows =
  (...[table, column, key = "id"]: Rows): Step =>
  async ({ db }, userId) => {
    const [t, c, k] = [sql.raw(table), sql.raw(column), sql.raw(key)];
    const removed = await db.all(sql`
      DELETE FROM ${t} WHERE (${k}) IN (SELECT ${k} FROM ${t} WHERE ${c} = ${userId} LIMIT ${ROWS}) RETURNING 1`);
    return removed.length;
  };

interface Things {
  table: string;
  /** What belongs to one of them. */
  parts: Rows[];
  /** The files of some of them, to put after IN. @param some their ids, to put after IN */
  filesOf(some: SQL): SQL;
  /** What goes together with the files. */
  also(some: SQL): SQL[];
  /** What goes once a part of them is deleted. */
  afterwards(some: SQL): SQL[];
}

/** Deletes some posts or stories of a person with all that belongs to them, of others too. */
const removeThings =
  ({ table, parts, filesOf, also, afterwards }: Things): Step =>
  async ({ db }, userId) => {
    const t = sql.raw(table);
    const isMine = sql`owner_id = ${userId}`;
    const things = await db.all(sql<{ id: string | number }>`
      SELECT id FROM ${t} WHERE ${isMine} ORDER BY id LIMIT ${THINGS}`);
    if (things.length === 0) return 0;
    const some = sql`(SELECT value FROM json_each(${JSON.stringify(things.map(({ id }) => id))}))`;
    const removePart = ([part, column, key = "id"]: Rows) => {
      const [p, c, k] = [sql.raw(part), sql.raw(column), sql.raw(key)];
      return sql`
        DELETE FROM ${p} WHERE (${k}) IN (SELECT ${k} FROM ${p} WHERE ${c} IN ${some} LIMIT ${ROWS}) RETURNING 1`;
    };
    const isBare = parts.map(
      ([part, column]) =>
        sql`NOT EXISTS (SELECT 1 FROM ${sql.raw(part)} p WHERE p.${sql.raw(column)} = ${t}.id)`,
    );
    const [removed, , gone] = await db.batch([
      parts.map(removePart),
      [dropFiles(filesOf(some)), ...also(some)],
      sql`DELETE FROM ${t} WHERE id IN ${some} AND ${isMine} AND ${sql.join(isBare, sql` AND `)} RETURNING 1`,
      afterwards(some),
    ]);
    return removed.reduce((total, rows) => total + rows.length, gone.length);
  };

const POSTS: Things = {
  table: "hub_posts",
  parts: [
    ["hub_likes", "post_id"],
    ["hub_post_comments", "post_id"],
    ["hub_post_views", "post_id"],
  ],
  filesOf: (some) => sql`(SELECT file FROM hub_post_images WHERE post_id IN ${some})`,
  also: (some) => [sql`DELETE FROM hub_post_images WHERE post_id IN ${some}`],
  // A trigger has noted the posts, so that what belongs to them is removed. Here it is removed already.
  afterwards: (some) => [
    sql`DELETE FROM hub_deleted_posts WHERE post_id IN ${some}
        AND NOT EXISTS (SELECT 1 FROM hub_posts p WHERE p.id = post_id)`,
  ],
};

const STORIES: Things = {
  table: "hub_stories",
  parts: [
    ["hub_story_marked", "story_id", "story_id, user_id"],
    ["hub_story_reactions", "story_id"],
    ["hub_story_views", "story_id"],
  ],
  filesOf: (some) => sql`(SELECT media FROM hub_stories WHERE id IN ${some})`,
  also: () => [],
  afterwards: () => [],
};

const removeFiles: Step = async ({ db }, userId) => {
  const some = sql`(SELECT key FROM hub_files WHERE owner_id = ${userId} AND deleted_at IS NULL LIMIT ${ROWS})`;
  return (await db.all(sql`${dropFiles(some)} RETURNING 1`)).length;
};

/** In this order. The counters of others' posts follow by triggers. */
const steps = lazy((): Step[] => [
  leaveRooms,
  removeRows("hub_room_removals", "user_id", "room_id, user_id"),
  removeRows("hub_room_listeners", "user_id", "user_id, room_id"),
  removeThings(POSTS),
  removeThings(STORIES),
  removeRows("hub_likes", "owner_id"),
  removeRows("hub_post_comments", "owner_id"),
  removeRows("hub_post_views", "owner_id"),
  removeRows("hub_story_reactions", "user_id"),
  removeRows("hub_story_views", "viewer_id"),
  removeRows("hub_story_marked", "user_id", "story_id, user_id"),
  removeRows("hub_blocks", "user_id"),
  removeRows("hub_blocks", "blocked_id"),
  removeRows("hub_contacts", "owner_id"),
  removeRows("hub_contacts", "contact_id"),
  removeRows("hub_chat_files", "owner_id"),
  removeFiles,
]);

/** Tables with few rows of each person. They go together with the row of the person. */
const SMALL = ["hub_statuses", "hub_locations", "hub_words", "hub_codes", "hub_resets", "hub_sessions"];

/**
 * Erases an account that is marked as deleted. Last goes its row, which frees e-mail and username. After an interruption
 * it goes on where it was. If much is left, a job is enqueued for it.
 * @param rounds steps that may find something
 * @returns true once all is erased
 * @throws Error when the database or the queue fails: the job is tried again
 */
export async function eraseAccount(ctx: Ctx, userId: number, rounds = ROUNDS): Promise<boolean> {
  const { db } = ctx;
  const alive = await db.all(sql`SELECT 1 FROM hub_users WHERE id = ${userId} AND deleted_at IS NULL`);
  if (alive.length > 0) return false;
  let left = rounds;
  for (const step of steps()) {
    while ((await step(ctx, userId)) > 0) {
      if (--left > 0) continue;
      await enqueueJob(ctx, { type: "delete-account", userId });
      return false;
    }
  }
  const [, removed] = await db.batch([
    SMALL.map((table) => sql`DELETE FROM ${sql.raw(table)} WHERE user_id = ${userId}`),
    sql`DELETE FROM hub_users WHERE id = ${userId} AND deleted_at IS NOT NULL RETURNING id`,
  ]);
  await enqueueJob(ctx, { type: "delete-files" }).catch(() => {});
  if (removed.length > 0)
    await enqueueJob(ctx, { type: "delete-account", userId }, SWEEP_DELAY).catch(() => {});
  return true;
}

/** Job: see `eraseAccount`. */
export async function deleteAccount(ctx: Ctx, { userId }: { userId: number }): Promise<void> {
  await eraseAccount(ctx, userId);
}

/** Cron: goes on with deletions whose job is lost. @returns how many accounts are erased */
export async function resumeDeletions(ctx: Ctx): Promise<number> {
  const due = await ctx.db.all(sql<{ id: number }>`
    SELECT id FROM hub_users WHERE deleted_at < ${Date.now() - JOB_MS} ORDER BY deleted_at LIMIT ${ACCOUNTS}`);
  let erased = 0;
  for (const { id } of due) {
    try {
      if (await eraseAccount(ctx, id)) erased++;
    } catch (error) {
      log("error", "hub.deletion_failed", { user: id, error });
    }
  }
  return erased;
}
