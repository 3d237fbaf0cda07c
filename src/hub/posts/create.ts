import { notFound } from "../../lib/errors.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import { addImages } from "./images.ts";
import type { PostResponse } from "./responses.ts";
import type { PostCreate } from "./schemas.ts";
import { selectPost, toPost } from "./view.ts";

/** Creates a post. @throws ServiceError not_found if the account was deleted meanwhile */
export async function createPost(ctx: UserCtx, { content, images }: PostCreate): Promise<PostResponse> {
  const id = uuidv7();
  const [, , [row]] = await ctx.db.batch([
    // Race: an upload may take longer than the deletion of the account.
    sql`INSERT INTO hub_posts (id, owner_id, content, created_at)
        SELECT ${id}, id, ${content}, ${Date.now()} FROM hub_users WHERE id = ${ctx.user.id} AND deleted_at IS NULL`,
    addImages(sql`(${id})`, images),
    selectPost(ctx, id),
  ]);
  if (!row) throw notFound("User");
  return toPost(row, ctx.origin);
}
