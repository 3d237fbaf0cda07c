import * as z from "zod/mini";

export const BlockedGroupResponse = z.object({
  /** As in the Bot API: `-id` of a basic group, `-1000000000000 - id` of a supergroup. */
  peer: z.int(),
  /** Why, and who asked. */
  note: z.string(),
  created_at: z.nullable(z.string()),
});

export const BlockedGroupsResponse = z.object({
  blocked_groups: z.array(BlockedGroupResponse),
  /** What `after` has to be for the next page; null at the end. */
  next: z.nullable(z.int()),
});
