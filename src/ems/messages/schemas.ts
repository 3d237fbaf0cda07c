import * as z from "zod";
import { pageOf, pageQuery } from "../../lib/pagination.ts";
import { line, uuid } from "../../lib/validation.ts";
import { AttachmentResponse } from "../attachments/schemas.ts";

export const Recipient = z.object({ name: line(200).nullish(), email: z.email("must be an email address") });

export const MAX_RECIPIENTS = 500;
const recipients = z.array(Recipient).max(MAX_RECIPIENTS, `at most ${MAX_RECIPIENTS} recipients`);

export const MessageParam = z.object({ message_id: uuid });

export const MessagesQuery = z.object({ ...pageQuery, account_id: uuid.optional() });
export type MessagesQuery = z.infer<typeof MessagesQuery>;

export const HtmlQuery = z.object({ images: z.enum(["1", "0"], 'must be "1" or "0"').optional() });

/** RFC 5322 section 2.1.1 allows a line of 998 characters; a longer subject would be cut on the way. */
const MAX_SUBJECT = 998;

export const SendRequest = z.object({
  email_account_id: uuid,
  to: recipients.min(1, "at least one recipient"),
  cc: recipients.nullish(),
  bcc: recipients.nullish(),
  subject: line(MAX_SUBJECT),
  body_html: z.string(),
  body_text: z.string().nullish(),
  reply_to_message_id: uuid.nullish(),
});
export type SendRequest = z.infer<typeof SendRequest>;

const Addresses = z.array(z.object({ name: z.string().optional(), email: z.string() }));

export const MessageResponse = z.object({
  id: z.uuid(),
  thread_id: z.uuid(),
  email_account_id: z.uuid(),
  internet_message_id: z.string(),
  from_address: z.string(),
  from_name: z.string().nullable(),
  to_addresses: Addresses,
  cc_addresses: Addresses.nullable(),
  bcc_addresses: Addresses.nullable(),
  subject: z.string(),
  body_html: z.string().nullable(),
  body_text: z.string().nullable(),
  snippet: z.string().nullable(),
  direction: z.enum(["inbound", "outbound"]),
  has_attachments: z.boolean(),
  sent_at: z.iso.datetime(),
  created_at: z.iso.datetime(),
  attachments: z.array(AttachmentResponse),
  /** By which rule it found its thread when it came. */
  threaded_by: z.enum(["reply", "provider", "references", "none"]),
  /** What became of a mail that we sent, as far as the provider has told. */
  delivery: z
    .object({
      state: z.enum(["sent", "bounced", "failed"]).nullable(),
      detail: z.string().nullable(),
      opened_count: z.int(),
      clicked_count: z.int(),
    })
    .nullable(),
});
export type MessageResponse = z.infer<typeof MessageResponse>;

export const MessageListResponse = pageOf(MessageResponse);
