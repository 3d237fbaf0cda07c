import * as z from "zod/mini";

export const StoryResponse = z.object({
  id: z.int(),
  owner: z.object({
    id: z.int(),
    username: z.nullable(z.string()),
    full_name: z.string(),
    profile_picture: z.nullable(z.string()),
  }),
  /** The URL of the image or video. */
  media: z.string(),
  caption: z.string(),
  /** Ids of users. Others than the owner find at most themselves. */
  marked: z.array(z.int()),
  /** False in the archive. */
  is_active: z.boolean(),
  audience: z.enum(["public", "contact", "marked"]),
  created_at: z.string(),
  updated_at: z.string(),
});
export type StoryResponse = z.infer<typeof StoryResponse>;

export const ReactionResponse = z.object({
  id: z.int(),
  story: z.int(),
  user: z.int(),
  reaction: z.string(),
  reacted_at: z.string(),
});
export type ReactionResponse = z.infer<typeof ReactionResponse>;

export const StoryViewResponse = z.object({
  id: z.int(),
  story: z.int(),
  viewer: z.int(),
  viewed_at: z.string(),
});
export type StoryViewResponse = z.infer<typeof StoryViewResponse>;

/** A bare array, or with `page` a part with its count. */
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

export const StoryListResponse = listOf(StoryResponse);
export const ReactionListResponse = listOf(ReactionResponse);
export const StoryViewListResponse = listOf(StoryViewResponse);
