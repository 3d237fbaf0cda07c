import * as z from "zod/mini";

/** A comment of the open guest book. Nobody knows who wrote it. */
export const OpenCommentResponse = z.object({
  id: z.int(),
  content: z.string(),
  created_at: z.string(),
});
export type OpenCommentResponse = z.infer<typeof OpenCommentResponse>;

export const OpenCommentListResponse = z.array(OpenCommentResponse);
