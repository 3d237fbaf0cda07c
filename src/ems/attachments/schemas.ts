import * as z from "zod";
import { uuid } from "../../lib/validation.ts";

export const AttachmentParam = z.object({ attachment_id: uuid });

export const AttachmentResponse = z.object({
  id: z.uuid(),
  message_id: z.uuid(),
  filename: z.string(),
  content_type: z.string(),
  size_bytes: z.int(),
  is_inline: z.boolean(),
  created_at: z.iso.datetime(),
});
export type AttachmentResponse = z.infer<typeof AttachmentResponse>;

export const AttachmentListResponse = z.array(AttachmentResponse);

export const DownloadResponse = z.object({ download_url: z.url() });
