import * as z from "zod/mini";
import { ErrorResponse } from "../../platform/responses.ts";
import { AttachmentResponse } from "../attachments/responses.ts";
import { MessageResponse } from "../messages/responses.ts";

const Suggested = z.array(z.object({ name: z.nullable(z.string()), email: z.string() }));

/** A prefilled reply or forward, with the field names of SendRequest. */
export const ComposeResponse = z.object({
  /** The original's account. */
  email_account_id: z.uuid(),
  reply_to_message_id: z.nullable(z.uuid()),
  to: Suggested,
  cc: Suggested,
  subject: z.string(),
  /** Goes below the user's text. Sanitised. */
  quoted_html: z.string(),
  quoted_text: z.string(),
  /** The attachments that a forward adds. */
  attachments: z.array(AttachmentResponse),
});
export type ComposeResponse = z.infer<typeof ComposeResponse>;

const OutboxState = z.enum(["queued", "sending", "sent", "failed", "unknown", "cancelled"]);
export type OutboxState = z.infer<typeof OutboxState>;

export const OutboxResponse = z.object({
  id: z.uuid(),
  state: OutboxState,
  company_id: z.int(),
  email_account_id: z.uuid(),
  /** The sender's user id. */
  user_id: z.int(),
  subject: z.string(),
  to: z.array(z.object({ name: z.nullable(z.string()), email: z.string() })),
  /** The thread it replies in. */
  thread_id: z.nullable(z.uuid()),
  /** The stored message, once sent. */
  message_id: z.nullable(z.uuid()),
  /** When it is sent. It can be cancelled until then. */
  send_at: z.iso.datetime(),
  attempts: z.int(),
  /** Why it failed, or why its outcome is unknown. */
  detail: z.nullable(z.string()),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});
export type OutboxResponse = z.infer<typeof OutboxResponse>;

const Addresses = z.array(z.object({ name: z.nullable(z.string()), email: z.string() }));

/** An entry with the mail's content until it is sent. */
export const OutboxDetailResponse = z.extend(OutboxResponse, {
  mail: z.nullable(
    z.object({
      to: Addresses,
      cc: Addresses,
      bcc: Addresses,
      subject: z.string(),
      body_html: z.string(),
      body_text: z.nullable(z.string()),
      files: z.array(z.object({ filename: z.string(), content_type: z.string(), size_bytes: z.int() })),
    }),
  ),
});
export type OutboxDetailResponse = z.infer<typeof OutboxDetailResponse>;

export const OutboxListResponse = z.object({
  items: z.array(OutboxResponse),
  next_cursor: z.nullable(z.string()),
});
export type OutboxListResponse = z.infer<typeof OutboxListResponse>;

/** A reply with If-Match to a thread in which others have written since. */
export const ThreadConflictResponse = z.extend(ErrorResponse, {
  version: z.int(),
  /** The newest 25 that were not seen, oldest first, without bodies over 64 KB. */
  messages: z.array(MessageResponse),
  /** True if there are older ones. */
  more: z.boolean(),
});

/** A mail that is not sent, or not again, because of its outbox entry. */
export const OutboxConflictResponse = z.extend(ErrorResponse, {
  outbox_id: z.uuid(),
  state: OutboxState,
  message_id: z.optional(z.nullable(z.uuid())),
});

/** The outbox entry of a mail whose sending failed; absent if it failed before. */
export const SendFailureResponse = z.extend(ErrorResponse, {
  outbox_id: z.optional(z.uuid()),
  state: z.optional(OutboxState),
});
