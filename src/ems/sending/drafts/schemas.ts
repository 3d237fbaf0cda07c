import * as z from "zod/mini";
import { uuid } from "../../../lib/fields.ts";
import { pageOf, pageQuery } from "../../lists/pagination.ts";
import { MAX_FILES, Recipient, recipients, SendRequest, timing } from "../schemas.ts";

export const DraftParam = z.object({ draft_id: uuid });

export const DraftsQuery = z.object({ ...pageQuery, account_id: z.optional(uuid) });
export type DraftsQuery = z.infer<typeof DraftsQuery>;

const { subject, body_html, body_text, reply_to_message_id } = SendRequest.shape;

/** The fields of a draft, all optional. Null empties a nullable field. */
export const DraftUpdate = z.object({
  email_account_id: z.optional(uuid),
  to: z.optional(recipients),
  cc: z.nullish(recipients),
  bcc: z.nullish(recipients),
  subject: z.optional(subject),
  body_html: z.optional(body_html),
  body_text,
  reply_to_message_id,
  attachment_ids: z.nullish(z.array(uuid).check(z.maxLength(MAX_FILES, `at most ${MAX_FILES} attachments`))),
});
export type DraftUpdate = z.infer<typeof DraftUpdate>;

export const DraftCreate = z.extend(DraftUpdate, { email_account_id: uuid });
export type DraftCreate = z.infer<typeof DraftCreate>;

/** A draft's content, with every field set. */
export const DraftContent = z.object({
  to: z.array(Recipient),
  cc: z.array(Recipient),
  bcc: z.array(Recipient),
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

export const DraftListResponse = pageOf(DraftResponse);

/** When to send a draft. `again` sends it even if an earlier version was or may have been sent. */
export const DraftSend = z.object({ ...timing, again: z.optional(z.boolean()) });
export type DraftSend = z.infer<typeof DraftSend>;
