import * as z from "zod/mini";
import { ErrorResponse } from "../../../platform/responses.ts";
import { pageOf } from "../../lists/pagination.ts";
import { Recipient } from "../schemas.ts";

/** A draft's content, with every field set. */
export const DraftContent = z.object({
  to: z.array(Recipient()),
  cc: z.array(Recipient()),
  bcc: z.array(Recipient()),
  subject: z.string(),
  body_html: z.string(),
  body_text: z.nullable(z.string()),
  attachment_ids: z.array(z.guid()),
});
export type DraftContent = z.infer<typeof DraftContent>;

export const DraftResponse = z.extend(DraftContent, {
  id: z.uuid(),
  email_account_id: z.uuid(),
  company_id: z.int(),
  reply_to_message_id: z.nullable(z.guid()),
  /** Grows with each change. It is also the ETag, for If-Match. */
  version: z.int(),
  created_by: z.int(),
  updated_by: z.int(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});
export type DraftResponse = z.infer<typeof DraftResponse>;

/** A file that the draft names: an upload, or an attachment of a message. */
export const DraftFileResponse = z.object({
  id: z.uuid(),
  filename: z.string(),
  content_type: z.string(),
  size_bytes: z.int(),
  content_id: z.nullable(z.string()),
  /** Whether the draft's HTML shows it. */
  is_inline: z.boolean(),
});
export type DraftFileResponse = z.infer<typeof DraftFileResponse>;

export const DraftFileListResponse = z.array(DraftFileResponse);

export const DraftListResponse = pageOf(DraftResponse);

export const DraftConflictResponse = z.extend(ErrorResponse, { version: z.int(), draft: DraftResponse });
