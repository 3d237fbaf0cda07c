import { invalid, notFound } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import type { Found, Page } from "../lists.ts";
import { getCounts } from "./counts.ts";
import { listMarks, markPost } from "./marks.ts";
import type { MarkResponse } from "./responses.ts";
import { seesPost } from "./visible.ts";

/** @throws ServiceError invalid for a second like; not_found for a post that the viewer may not see */
export async function likePost(ctx: UserCtx, post: string): Promise<MarkResponse> {
  const { mark, isNew } = await markPost(ctx, "hub_likes", post);
  if (!mark) throw notFound("Post");
  if (!isNew) throw invalid("You have already liked this post.");
  return mark;
}

/** @throws ServiceError not_found for a like of others, or on a post that the viewer may not see any more */
export async function unlikePost({ db, user }: UserCtx, id: string): Promise<void> {
  const [removed] = await db.all(sql`
    DELETE FROM hub_likes WHERE id = ${id} AND owner_id = ${user.id}
      AND ${seesPost(user.id, sql`hub_likes.post_id`)} RETURNING id`);
  if (!removed) throw notFound("Like");
}

/**
 * Lists the likes of a post, the newest first. The total counts those of hidden people as well.
 * @throws ServiceError not_found for a post that the viewer may not see
 */
export async function listLikes(ctx: UserCtx, post: string, page: Page): Promise<Found<MarkResponse>> {
  const { like_count } = await getCounts(ctx, post);
  return listMarks(ctx, "hub_likes", { isWanted: sql`m.post_id = ${post}`, page, most: like_count });
}
