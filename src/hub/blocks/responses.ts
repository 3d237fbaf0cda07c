import * as z from "zod/mini";

export const BlockResponse = z.object({
  id: z.int(),
  user: z.int(),
  blocked_user: z.object({
    id: z.int(),
    username: z.nullable(z.string()),
    full_name: z.string(),
    profile_picture: z.nullable(z.string()),
  }),
  created_at: z.string(),
});

export const BlockListResponse = z.array(BlockResponse);
