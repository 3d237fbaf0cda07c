import * as z from "zod";
import { pageOf, pageQuery } from "../../lib/pagination.ts";
import { nowSeconds } from "../../lib/time.ts";
import { line, uuid } from "../../lib/validation.ts";
import { AttachmentResponse } from "../attachments/schemas.ts";

export const Recipient = z.object({ name: line(200).nullish(), email: z.email("must be an email address") });

export type Recipient = z.infer<typeof Recipient>;

export const MAX_RECIPIENTS = 500;
const recipients = z.array(Recipient).max(MAX_RECIPIENTS, `at most ${MAX_RECIPIENTS} recipients`);

export const MessageParam = z.object({ message_id: uuid });

export const MessagesQuery = z.object({ ...pageQuery, account_id: uuid.optional() });
export type MessagesQuery = z.infer<typeof MessagesQuery>;

export const HtmlQuery = z.object({ images: z.enum(["1", "0"], 'must be "1" or "0"').optional() });

/** RFC 5322 section 2.1.1 allows a line of 998 characters; a longer subject would be cut on the way. */
const MAX_SUBJECT = 998;

export const MAX_FILES = 20;
const MAX_UNDO_SECONDS = 60;
/** As long as its files are kept for it. */
const MAX_DAYS_AHEAD = 30;

/** When a mail leaves, if not at once. */
export const timing = {
  /** It can be cancelled for so long, and leaves then. */
  undo_seconds: z
    .int()
    .min(0, "must be at least 0")
    .max(MAX_UNDO_SECONDS, `must be at most ${MAX_UNDO_SECONDS}`)
    .nullish(),
  send_at: z.iso
    .datetime({ offset: true, error: "must be a time such as 2026-01-31T09:00:00Z" })
    .transform((time) => Math.ceil(Date.parse(time) / 1000))
    .refine((at) => at > nowSeconds(), "must be in the future")
    .refine((at) => at < nowSeconds() + MAX_DAYS_AHEAD * 86_400, `must be within ${MAX_DAYS_AHEAD} days`)
    .nullish(),
};

const attachment_ids = z
  .array(uuid)
  .max(MAX_FILES, `at most ${MAX_FILES} files`)
  .refine((ids) => new Set(ids).size === ids.length, "must not name a file twice")
  .nullish();

const written = {
  cc: recipients.nullish(),
  bcc: recipients.nullish(),
  body_html: z.string(),
  body_text: z.string().nullish(),
  attachment_ids,
  ...timing,
};

export const SendRequest = z.object({
  email_account_id: uuid,
  to: recipients.min(1, "at least one recipient"),
  subject: line(MAX_SUBJECT),
  reply_to_message_id: uuid.nullish(),
  ...written,
});
export type SendRequest = z.infer<typeof SendRequest>;

/** What a person writes in answer to all; the rest follows from the mail that is answered. */
export const ReplyAllRequest = z.object({
  /** Else the one that the mail came to. */
  email_account_id: uuid.nullish(),
  subject: line(MAX_SUBJECT).nullish(),
  ...written,
});
export type ReplyAllRequest = z.infer<typeof ReplyAllRequest>;

/** The files of the mail that is passed on go with it. */
export const ForwardRequest = ReplyAllRequest.extend({ to: recipients.min(1, "at least one recipient") });
export type ForwardRequest = z.infer<typeof ForwardRequest>;

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
