import * as z from "zod/mini";

export const AttachmentResponse = z.object({
  id: z.uuid(),
  message_id: z.uuid(),
  filename: z.string(),
  content_type: z.string(),
  size_bytes: z.int(),
  /** What the HTML refers to as `cid:…`, without angle brackets. */
  content_id: z.nullable(z.string()),
  is_inline: z.boolean(),
  created_at: z.iso.datetime(),
});
export type AttachmentResponse = z.infer<typeof AttachmentResponse>;

export const AttachmentListResponse = z.array(AttachmentResponse);

export const DownloadResponse = z.object({ download_url: z.url() });

export const UploadResponse = z.object({
  id: z.uuid(),
  company_id: z.int(),
  filename: z.string(),
  content_type: z.string(),
  size_bytes: z.int(),
  /** `cid:<content_id>` shows the file inline in a mail's HTML. */
  content_id: z.string(),
  created_at: z.iso.datetime(),
});
export type UploadResponse = z.infer<typeof UploadResponse>;

export const UploadListResponse = z.array(UploadResponse);
