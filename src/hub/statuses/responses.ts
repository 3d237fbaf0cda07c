import * as z from "zod/mini";

export const StatusResponse = z.object({
  id: z.int(),
  user: z.int(),
  content: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
});
