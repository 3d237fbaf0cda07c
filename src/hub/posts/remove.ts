import { notFound } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { Ctx, UserCtx } from "../context.ts";
import { enqueueJob, enqueueSoon } from "../jobs.ts";
import { deleteFilesSoon, removeImages } from "./images.ts";

/** Rows of each kind that one transaction removes, and transactions of one job. */
const STEP = 500;
const STEPS = 10;

/**
 * Deletes a post of the viewer, with its images, at once. Its likes, comments and views go by a job.
 * @throws ServiceError not_found for a post of others
 */
export async function deletePost(ctx: UserCtx, id: string): Promise<void> {
  const isMine = sql`id = ${id} AND owner_id = ${ctx.user.id}`;
  const [, [deleted]] = await ctx.db.batch([
    removeImages(sql`(SELECT id FROM hub_posts WHERE ${isMine})`),
    sql`DELETE FROM hub_posts WHERE ${isMine} RETURNING id`,
  ]);
  if (!deleted) throw notFound("Post");
  deleteFilesSoon(ctx);
  enqueueSoon(ctx, { type: "clear-post", postId: id });
}

/** Removes what belonged to a deleted post. What is left after some steps is left to the next job. */
export async function clearPost(ctx: Ctx, postId: string): Promise<void> {
  for (let step = 0; step < STEPS; step++) if (await isCleared(ctx, postId)) return;
  await enqueueJob(ctx, { type: "clear-post", postId });
}

/** Cron: does one step for some of the deleted posts. @returns how many */
export async function clearPosts(ctx: Ctx): Promise<number> {
  const waiting = await ctx.db.all(sql<{ post_id: string }>`
    SELECT post_id FROM hub_deleted_posts ORDER BY post_id LIMIT 5`);
  for (const { post_id } of waiting) await isCleared(ctx, post_id);
  return waiting.length;
}

/** Removes some rows of a deleted post. Answers come before what they answer. @returns true if nothing is left */
async function isCleared({ db }: Ctx, id: string): Promise<boolean> {
  const isGone = sql`EXISTS (SELECT 1 FROM hub_deleted_posts WHERE post_id = ${id})`;
  const some = (table: string) => sql`DELETE FROM ${sql.raw(table)} WHERE id IN (
    SELECT id FROM ${sql.raw(table)} WHERE post_id = ${id} AND ${isGone} ORDER BY id DESC LIMIT ${STEP})`;
  const none = (table: string) => sql`NOT EXISTS (SELECT 1 FROM ${sql.raw(table)} WHERE post_id = ${id})`;
  const tables = ["hub_likes", "hub_post_comments", "hub_post_views"];
  const [, , , [left]] = await db.batch([
    removeImages(sql`(SELECT post_id FROM hub_deleted_posts WHERE post_id = ${id})`),
    tables.map(some),
    sql`DELETE FROM hub_deleted_posts WHERE post_id = ${id} AND ${sql.join(tables.map(none), sql` AND `)}`,
    sql`SELECT 1 FROM hub_deleted_posts WHERE post_id = ${id}`,
  ]);
  return left === undefined;
}
