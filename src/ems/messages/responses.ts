import * as z from "zod/mini";
import { AttachmentResponse } from "../attachments/responses.ts";
import { FOLDERS } from "../folders.ts";
import { pageOf } from "../lists/pagination.ts";

const Addresses = z.array(z.object({ name: z.optional(z.string()), email: z.string() }));

export const MessageResponse = z.object({
  id: z.uuid(),
  thread_id: z.uuid(),
  email_account_id: z.uuid(),
  internet_message_id: z.string(),
  from_address: z.string(),
  from_name: z.nullable(z.string()),
  to_addresses: Addresses,
  cc_addresses: z.nullable(Addresses),
  bcc_addresses: z.nullable(Addresses),
  /** The addresses to reply to, if they differ from the sender. */
  reply_to: z.nullable(Addresses),
  subject: z.string(),
  body_html: z.nullable(z.string()),
  body_text: z.nullable(z.string()),
  snippet: z.nullable(z.string()),
  direction: z.enum(["inbound", "outbound"]),
  folder: z.enum(FOLDERS),
  has_attachments: z.boolean(),
  sent_at: z.iso.datetime(),
  /** The user who sent it through Xabar. Null for any other mail. */
  sent_by: z.nullable(z.int()),
  created_at: z.iso.datetime(),
  attachments: z.array(AttachmentResponse),
  /** The caller's entry. Its id is the one for the routes that mark as read, star and archive. */
  inbox: z.object({
    id: z.uuid(),
    is_read: z.boolean(),
    is_starred: z.boolean(),
    is_archived: z.boolean(),
    read_at: z.nullable(z.iso.datetime()),
  }),
  /** The rule that assigned the message to its thread on arrival. */
  threaded_by: z.enum(["reply", "provider", "references", "none"]),
  /** The outcome of an outbound message, as reported by the provider. */
  delivery: z.nullable(
    z.object({
      state: z.nullable(z.enum(["sent", "bounced", "failed"])),
      detail: z.nullable(z.string()),
      opened_count: z.int(),
      clicked_count: z.int(),
    }),
  ),
});
export type MessageResponse = z.infer<typeof MessageResponse>;

export const MessageListResponse = pageOf(MessageResponse);
