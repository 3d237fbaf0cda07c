import { notFound } from "../../lib/errors.ts";
import { badField } from "../../lib/field-errors.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { assign } from "../../platform/d1/write.ts";
import type { UserCtx } from "../context.ts";
import type { StoredFile } from "../media/store.ts";
import type { posts } from "../schema/posts.ts";
import { addImages, deleteFilesSoon, removeImages } from "./images.ts";
import type { PostResponse } from "./responses.ts";
import { EMPTY_POST, type PostUpdate } from "./schemas.ts";
import { selectPost, toPost } from "./view.ts";

/**
 * Changes a post of the viewer. What is left out stays; images replace all that it has.
 * @throws ServiceError not_found for a post of others; invalid if it would have neither content nor an image
 */
export async function updatePost(ctx: UserCtx, id: string, changes: PostUpdate): Promise<PostResponse> {
  const { images, ...columns } = changes;
  const isMine = sql`id = ${id} AND owner_id = ${ctx.user.id}`;
  const [[changed], , [row]] = await ctx.db.batch([
    sql`UPDATE hub_posts SET ${assign<typeof posts>({ is_edited: true, updated_at: Date.now(), ...columns })}
        WHERE ${isMine} AND ${hasSomething(changes)} RETURNING id`,
    images ? replaceImages(isMine, images) : [],
    selectPost(ctx, id),
  ]);
  if (row?.user_id !== ctx.user.id) throw notFound("Post");
  if (!changed) throw badField("content", EMPTY_POST);
  if (images) deleteFilesSoon(ctx);
  return toPost(row, ctx.origin);
}

/** Race: another request may take the images while this one takes the content. So the statement itself decides. */
const hasSomething = ({ content, images }: PostUpdate): SQL => sql`
  (coalesce(${content ?? null}, content) <> '' OR ${
    images ? images.length > 0 : sql`EXISTS (SELECT 1 FROM hub_post_images i WHERE i.post_id = hub_posts.id)`
  })`;

/** After the change of the post, and only if it was allowed. */
function replaceImages(isMine: SQL, images: StoredFile[]): SQL[] {
  const allowed = sql`(SELECT id FROM hub_posts WHERE ${isMine} AND (content <> '' OR ${images.length > 0}))`;
  return [...removeImages(allowed), ...addImages(allowed, images)];
}
