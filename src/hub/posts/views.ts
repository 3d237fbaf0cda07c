import { notFound } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import type { Found, Page } from "../lists.ts";
import { getCounts } from "./counts.ts";
import { listMarks, markPost } from "./marks.ts";
import type { MarkResponse } from "./responses.ts";

/**
 * Records that the viewer has seen a post. Only the first time counts.
 * @returns the first view, and whether this was it
 * @throws ServiceError not_found for a post that the viewer may not see
 */
export async function viewPost(ctx: UserCtx, post: string): Promise<{ view: MarkResponse; isNew: boolean }> {
  const { mark, isNew } = await markPost(ctx, "hub_post_views", post);
  if (!mark) throw notFound("Post");
  return { view: mark, isNew };
}

/**
 * Lists the views of a post, the newest first: all to its owner, to others their own.
 * @throws ServiceError not_found for a post that the viewer may not see
 */
export async function listViews(ctx: UserCtx, post: string, page: Page): Promise<Found<MarkResponse>> {
  const { owner_id, view_count } = await getCounts(ctx, post);
  const isOwner = owner_id === ctx.user.id;
  const isWanted = isOwner
    ? sql`m.post_id = ${post}`
    : sql`m.owner_id = ${ctx.user.id} AND m.post_id = ${post}`;
  return listMarks(ctx, "hub_post_views", { isWanted, page, most: view_count });
}
