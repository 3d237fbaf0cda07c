import { type SQL, sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
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

/**
 * Deletes what is somebody's in a table.
 * @param table its rows with the user's id in `column`, which must have an index
 */
const removeRows =
  (table: string, column: string): Step =>
  async ({ db }, userId) => {
    const [t, c] = [sql.raw(table), sql.raw(column)];
    const removed = await db.all(sql`
      DELETE FROM ${t} WHERE rowid IN (SELECT rowid FROM ${t} WHERE ${c} = ${userId} LIMIT ${ROWS}) RETURNING 1`);
    return removed.length;
  };

interface Things {
  table: string;
  /** What belongs to one of them, by its table, and the column with its id there. */
  parts: [table: string, column: string][];
  /** The files of some of them, to put after IN. @param some their ids, to put after IN */
  filesOf(some: SQL): SQL;
  /** What goes together with the files. @param some as above */
  also(some: SQL): SQL[];
}

/** Deletes some posts or stories of a person with all that belongs to them, whoever has written it. */
const removeThings =
  ({ table, parts, filesOf, also }: Things): Step =>
  async ({ db }, userId) => {
    const t = sql.raw(table);
    const some = sql`(SELECT id FROM ${t} WHERE owner_id = ${userId} ORDER BY id LIMIT ${THINGS})`;
    const removePart = ([part, column]: [string, string]) => sql`
      DELETE FROM ${sql.raw(part)} WHERE rowid IN (
        SELECT p.rowid FROM ${some} t CROSS JOIN ${sql.raw(part)} p ON p.${sql.raw(column)} = t.id LIMIT ${ROWS})
      RETURNING 1`;
    const isBare = parts.map(
      ([part, column]) =>
        sql`NOT EXISTS (SELECT 1 FROM ${sql.raw(part)} p WHERE p.${sql.raw(column)} = ${t}.id)`,
    );
    const [removed, , gone] = await db.batch([
      parts.map(removePart),
      [dropFiles(filesOf(some)), ...also(some)],
      sql`DELETE FROM ${t} WHERE id IN ${some} AND ${sql.join(isBare, sql` AND `)} RETURNING 1`,
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
};

const STORIES: Things = {
  table: "hub_stories",
  parts: [
    ["hub_story_marked", "story_id"],
    ["hub_story_reactions", "story_id"],
    ["hub_story_views", "story_id"],
  ],
  filesOf: (some) => sql`(SELECT media FROM hub_stories WHERE id IN ${some})`,
  also: () => [],
};

const removeFiles: Step = async ({ db }, userId) => {
  const some = sql`(SELECT key FROM hub_files WHERE owner_id = ${userId} AND deleted_at IS NULL LIMIT ${ROWS})`;
  return (await db.all(sql`${dropFiles(some)} RETURNING 1`)).length;
};

/** In this order. The counters of others' posts follow by triggers. */
const STEPS: Step[] = [
  removeThings(POSTS),
  removeThings(STORIES),
  removeRows("hub_likes", "owner_id"),
  removeRows("hub_post_comments", "owner_id"),
  removeRows("hub_post_views", "owner_id"),
  removeRows("hub_story_reactions", "user_id"),
  removeRows("hub_story_views", "viewer_id"),
  removeRows("hub_story_marked", "user_id"),
  removeRows("hub_blocks", "user_id"),
  removeRows("hub_blocks", "blocked_id"),
  removeRows("hub_contacts", "owner_id"),
  removeRows("hub_contacts", "contact_id"),
  removeFiles,
];

/** Tables with few rows of each person. They go together with the row of the person. */
const SMALL = ["hub_statuses", "hub_locations", "hub_words", "hub_codes", "hub_resets", "hub_sessions"];

/**
 * Job: erases an account that is marked as deleted, and last its row, which frees e-mail and username. If it is
 * interrupted, it goes on where it was. If much is left, it enqueues itself.
 * @param rounds steps that may find something
 * @returns true once all is erased
 * @throws Error when the database or the queue fails: the job is tried again
 */
export async function eraseAccount(ctx: Ctx, userId: number, rounds = ROUNDS): Promise<boolean> {
  const { db } = ctx;
  const alive = await db.all(sql`SELECT 1 FROM hub_users WHERE id = ${userId} AND deleted_at IS NULL`);
  if (alive.length > 0) return false;
  let left = rounds;
  for (const step of STEPS) {
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
