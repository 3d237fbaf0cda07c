import { notFound } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import { isVisibleTo } from "./visible.ts";

export interface PostCounts {
  owner_id: number;
  like_count: number;
  comment_count: number;
  view_count: number;
}

/** How much is on a post. @throws ServiceError not_found for a post that the viewer may not see */
export async function getCounts({ db, user }: UserCtx, post: string): Promise<PostCounts> {
  const [row] = await db.all(sql<PostCounts>`
    SELECT p.owner_id, p.like_count, p.comment_count, p.view_count
    FROM hub_posts p JOIN hub_users u ON u.id = p.owner_id WHERE p.id = ${post} AND ${isVisibleTo(user.id)}`);
  if (!row) throw notFound("Post");
  return row;
}
