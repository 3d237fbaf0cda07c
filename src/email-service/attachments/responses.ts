import * as z from "zod/mini";

export const AttachmentResponse = z.object({
  id: z.string(),
  messageId: z.string(),
  filename: z.string(),
  mimeType: z.string(),
  /** In bytes; before the first download an estimate. */
  size: z.int(),
  contentId: z.nullable(z.string()),
  isInline: z.boolean(),
  /** Works for an hour, without a token. */
  downloadUrl: z.optional(z.string()),
});
export type AttachmentResponse = z.infer<typeof AttachmentResponse>;

export const UploadListResponse = z.object({ attachments: z.array(AttachmentResponse) });
export type UploadListResponse = z.infer<typeof UploadListResponse>;
