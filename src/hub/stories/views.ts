import { notFound } from "../../lib/errors.ts";
import { badField } from "../../lib/field-errors.ts";
import { isoOf } from "../../lib/time.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import type { Found, Page } from "../lists.ts";
import { isSeen, U } from "../people/visibility.ts";
import { isSeenNow, STORIES } from "./audience.ts";
import { requireOwn } from "./own.ts";
import { readPart } from "./part.ts";
import type { StoryViewResponse } from "./responses.ts";
import type { ViewCreate } from "./schemas.ts";

interface ViewRow {
  id: number;
  story_id: number;
  viewer_id: number;
  viewed_at: number;
}

/**
 * Notes that the user has seen a story. Another time it changes nothing, and returns the first view.
 * @throws ServiceError not_found for a story that the user does not see now; invalid for another viewer
 */
export async function markViewed(
  { db, user }: UserCtx,
  { story, viewer }: ViewCreate,
): Promise<{ view: StoryViewResponse; isNew: boolean }> {
  if (viewer !== undefined && viewer !== user.id)
    throw badField("viewer", "You can only note your own view.");
  const now = Date.now();
  const seen = sql`FROM ${STORIES} WHERE s.id = ${story} AND ${isSeenNow(user.id, now)}`;
  const [[created], [first]] = await db.batch([
    sql<ViewRow>`
      INSERT INTO hub_story_views (story_id, viewer_id, viewed_at)
      SELECT s.id, ${user.id}, ${now} ${seen}
      ON CONFLICT (story_id, viewer_id) DO NOTHING RETURNING id, story_id, viewer_id, viewed_at`,
    sql<ViewRow>`
      SELECT v.id, v.story_id, v.viewer_id, v.viewed_at FROM hub_story_views v
      WHERE v.story_id = ${story} AND v.viewer_id = ${user.id} AND EXISTS (SELECT 1 ${seen})`,
  ]);
  if (!first) throw notFound("Story");
  return { view: toView(first), isNew: created !== undefined };
}

/** Lists who has seen a story of the user's own, newest first; the owner is not among them. @throws ServiceError not_found */
export async function listViews(ctx: UserCtx, story: number, page: Page): Promise<Found<StoryViewResponse>> {
  await requireOwn(ctx, story);
  const { items, total } = await readPart(ctx, page, {
    select: sql<ViewRow>`v.id, v.story_id, v.viewer_id, v.viewed_at`,
    from: sql`hub_story_views v CROSS JOIN hub_users u ON u.id = v.viewer_id
      WHERE v.story_id = ${story} AND v.viewer_id <> ${ctx.user.id} AND ${isSeen(ctx.user.id, U)}`,
    order: sql`v.id DESC`,
  });
  return { items: items.map(toView), total };
}

const toView = ({ id, story_id, viewer_id, viewed_at }: ViewRow): StoryViewResponse => ({
  id,
  story: story_id,
  viewer: viewer_id,
  viewed_at: isoOf(viewed_at),
});
