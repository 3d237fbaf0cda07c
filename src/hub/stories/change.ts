import { notFound } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import { enqueueSoon } from "../jobs.ts";
import { dropFiles } from "../media/rows.ts";
import { isOwnIn, type Place } from "./audience.ts";
import { selectStory } from "./find.ts";
import { markPeople, requireSeen, unmarkOthers } from "./marked.ts";
import type { StoryResponse } from "./responses.ts";
import { toStory } from "./row.ts";
import type { StoryUpdate } from "./schemas.ts";

/**
 * Changes an active story of the user's own. It does not last longer for that.
 * @throws ServiceError not_found; invalid for somebody marked whom the user does not see
 */
export async function updateStory(ctx: UserCtx, id: number, input: StoryUpdate): Promise<StoryResponse> {
  const { db, user } = ctx;
  const now = Date.now();
  const isOwn = sql`s.id = ${id} AND ${isOwnIn("active", user.id, now)}`;
  const [found] = await db.all(sql`SELECT 1 FROM hub_stories s WHERE ${isOwn}`);
  if (!found) throw notFound("Story");
  const { caption = null, audience = null } = input;
  const marked = input.marked && [...new Set(input.marked)];
  if (marked) await requireSeen(ctx, marked);
  const [, , [row]] = await db.batch([
    sql`
      UPDATE hub_stories AS s SET caption = coalesce(${caption}, caption),
        audience = coalesce(${audience}, audience), updated_at = ${now}
      WHERE ${isOwn}`,
    marked ? [unmarkOthers(isOwn, marked), markPeople(ctx, isOwn, marked)] : [],
    selectStory(ctx, isOwn),
  ]);
  if (!row) throw notFound("Story");
  return toStory(ctx, row, now);
}

/**
 * Deletes a story of the user's own for good, with its file, reactions and views.
 * @param place where it has to be now
 * @throws ServiceError not_found
 */
export async function deleteStory(ctx: UserCtx, place: Place, id: number): Promise<void> {
  const own = sql`FROM hub_stories s WHERE s.id = ${id} AND ${isOwnIn(place, ctx.user.id, Date.now())}`;
  const ofOwn = sql`WHERE story_id IN (SELECT s.id ${own})`;
  const [, , , , deleted] = await ctx.db.batch([
    dropFiles(sql`(SELECT s.media ${own})`),
    sql`DELETE FROM hub_story_marked ${ofOwn}`,
    sql`DELETE FROM hub_story_reactions ${ofOwn}`,
    sql`DELETE FROM hub_story_views ${ofOwn}`,
    sql`DELETE FROM hub_stories WHERE id IN (SELECT s.id ${own}) RETURNING id`,
  ]);
  if (deleted.length === 0) throw notFound("Story");
  // If it fails, cron finds the file.
  enqueueSoon(ctx, { type: "delete-files" });
}
