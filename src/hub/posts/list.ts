import { notFound } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import { type Found, foundIn, type Page } from "../lists.ts";
import { isOpenTo } from "../people/visibility.ts";
import type { PostResponse } from "./responses.ts";
import { type PostRow, postColumns, selectPost, toPost } from "./view.ts";

/** Lists active posts of people that the viewer may see, the newest first. The total counts hidden ones as well. */
export async function listPosts({ db, user, origin }: UserCtx, page: Page): Promise<Found<PostResponse>> {
  const [rows, [total]] = await db.batch([
    sql<PostRow>`
      SELECT ${postColumns(user.id)}
      FROM hub_posts p INDEXED BY hub_posts_active CROSS JOIN hub_users u ON u.id = p.owner_id
      WHERE p.is_active = 1 AND ${isOpenTo(user.id)}
      ORDER BY p.id DESC LIMIT ${page.limit + 1} OFFSET ${page.offset}`,
    sql<{ active: number }>`SELECT active FROM hub_post_totals WHERE id = 1`,
  ]);
  return foundIn(
    rows.map((row) => toPost(row, origin)),
    page,
    total?.active ?? 0,
  );
}

/** @throws ServiceError not_found for a post that the viewer may not see */
export async function getPost(ctx: UserCtx, id: string): Promise<PostResponse> {
  const [row] = await ctx.db.all(selectPost(ctx, id));
  if (!row) throw notFound("Post");
  return toPost(row, ctx.origin);
}
