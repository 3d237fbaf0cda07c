import * as z from "zod/mini";
import { uuid } from "../../lib/fields.ts";
import { AttachmentResponse } from "../attachments/schemas.ts";
import { FOLDERS, folder } from "../folders.ts";
import { pageOf, pageQuery } from "../lists/pagination.ts";

export const MessageParam = z.object({ message_id: uuid });

export const MessagesQuery = z.object({
  ...pageQuery,
  account_id: z.optional(uuid),
  thread_id: z.optional(uuid),
  folder,
});
export type MessagesQuery = z.infer<typeof MessagesQuery>;

export const HtmlQuery = z.object({ images: z.optional(z.enum(["1", "0"], 'must be "1" or "0"')) });

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
  /** Who wants the answers, where that is not the sender. */
  reply_to: z.nullable(Addresses),
  subject: z.string(),
  body_html: z.nullable(z.string()),
  body_text: z.nullable(z.string()),
  snippet: z.nullable(z.string()),
  direction: z.enum(["inbound", "outbound"]),
  folder: z.enum(FOLDERS),
  has_attachments: z.boolean(),
  sent_at: z.iso.datetime(),
  created_at: z.iso.datetime(),
  attachments: z.array(AttachmentResponse),
  /** The caller's own entry of it, by whose id it is read, starred and archived. */
  inbox: z.object({
    id: z.uuid(),
    is_read: z.boolean(),
    is_starred: z.boolean(),
    is_archived: z.boolean(),
    read_at: z.nullable(z.iso.datetime()),
  }),
  /** By which rule it found its thread when it came. */
  threaded_by: z.enum(["reply", "provider", "references", "none"]),
  /** What became of a mail that we sent, as far as the provider has told. */
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
