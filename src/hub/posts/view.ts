import { isoOf, isoOrNullOf } from "../../lib/time.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import { mediaUrl } from "../media/urls.ts";
import { CARD_COLUMNS, type CardRow, toCard } from "../people/card.ts";
import type { PostResponse } from "./responses.ts";
import { isVisibleTo } from "./visible.ts";

export type PostRow = CardRow & {
  id: string;
  content: string;
  is_active: 0 | 1;
  is_edited: 0 | 1;
  like_count: number;
  comment_count: number;
  view_count: number;
  created_at: number;
  updated_at: number | null;
  /** JSON: a list of StoredImage. */
  images: string;
  my_like: string | null;
};

interface StoredImage {
  id: string;
  file: string;
  position: number;
  created_at: number;
}

/** The columns of a post as a viewer sees it. The post's row has the alias `p`, and its owner's has `u`. */
export const postColumns = (viewer: number): SQL => sql`
  p.id, p.content, p.is_active, p.is_edited, p.like_count, p.comment_count, p.view_count, p.created_at, p.updated_at,
  ${CARD_COLUMNS},
  (SELECT json_group_array(json_object(
      'id', i.id, 'file', i.file, 'position', i.position, 'created_at', i.created_at))
    FROM hub_post_images i WHERE i.post_id = p.id) AS images,
  (SELECT l.id FROM hub_likes l WHERE l.owner_id = ${viewer} AND l.post_id = p.id) AS my_like`;

/** The query of one post, if the viewer sees it. */
export const selectPost = ({ user }: UserCtx, id: string): SQL<PostRow> => sql<PostRow>`
  SELECT ${postColumns(user.id)} FROM hub_posts p JOIN hub_users u ON u.id = p.owner_id
  WHERE p.id = ${id} AND ${isVisibleTo(user.id)}`;

/** @param origin the module's public base URL */
export const toPost = (row: PostRow, origin: string): PostResponse => ({
  id: row.id,
  content: row.content,
  owner: toCard(row, origin),
  images: imagesOf(row, origin),
  is_active: row.is_active === 1,
  is_edited: row.is_edited === 1,
  like_count: row.like_count,
  comment_count: row.comment_count,
  view_count: row.view_count,
  created_at: isoOf(row.created_at),
  updated_at: isoOrNullOf(row.updated_at),
  my_like: row.my_like,
});

/** Sorts them here: D1 would bill an ORDER BY in the query as a second read of each. */
const imagesOf = ({ images }: PostRow, origin: string): PostResponse["images"] =>
  (JSON.parse(images) as StoredImage[])
    .sort((a, b) => a.position - b.position)
    .map(({ id, file, created_at }) => ({
      id,
      image: mediaUrl(origin, file),
      created_at: isoOf(created_at),
    }));
