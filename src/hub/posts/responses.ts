import * as z from "zod/mini";

const Owner = z.object({
  id: z.int(),
  username: z.nullable(z.string()),
  full_name: z.string(),
  profile_picture: z.nullable(z.string()),
});

/** A bare array, or with `page` a page. */
const listOf = <Item extends z.ZodMiniType>(item: Item) =>
  z.union([
    z.array(item),
    z.object({
      count: z.int(),
      next: z.nullable(z.string()),
      previous: z.nullable(z.string()),
      results: z.array(item),
    }),
  ]);

export const PostResponse = z.object({
  id: z.string(),
  content: z.string(),
  owner: Owner,
  images: z.array(z.object({ id: z.string(), image: z.string(), created_at: z.string() })),
  /** False: only its owner sees it. */
  is_active: z.boolean(),
  is_edited: z.boolean(),
  like_count: z.int(),
  comment_count: z.int(),
  view_count: z.int(),
  created_at: z.string(),
  /** Null until it is edited. */
  updated_at: z.nullable(z.string()),
  /** The id of the caller's like, to take it back. */
  my_like: z.nullable(z.string()),
});
export type PostResponse = z.infer<typeof PostResponse>;
export const PostListResponse = listOf(PostResponse);

/** A like, or a view. */
export const MarkResponse = z.object({
  id: z.string(),
  owner: Owner,
  /** The id of the post. */
  post: z.string(),
  created_at: z.string(),
});
export type MarkResponse = z.infer<typeof MarkResponse>;
export const MarkListResponse = listOf(MarkResponse);

export const PostCommentResponse = z.object({
  id: z.string(),
  owner: Owner,
  /** The id of the post. */
  post: z.string(),
  comment: z.string(),
  /** The id of the comment that it answers, as long as the caller may see that one. */
  reply_to: z.nullable(z.string()),
  is_edited: z.boolean(),
  created_at: z.string(),
  /** Null until it is edited. */
  updated_at: z.nullable(z.string()),
});
export type PostCommentResponse = z.infer<typeof PostCommentResponse>;
export const PostCommentListResponse = listOf(PostCommentResponse);
