import * as z from "zod/mini";

export const SendResponse = z.object({
  taskId: z.string(),
  /** `pending`, unless the request repeats an earlier one. */
  status: z.enum(["pending", "started", "success", "failure", "retry"]),
  /** Of the message in the folder for sent mail. */
  messageId: z.string(),
});
export type SendResponse = z.infer<typeof SendResponse>;

export const DraftResponse = z.object({
  draftId: z.string(),
  accountId: z.string(),
  /** In milliseconds since the epoch. */
  createdAt: z.int(),
});
export type DraftResponse = z.infer<typeof DraftResponse>;
