import * as z from "zod/mini";
import { isAddress, MAX_ADDRESS } from "../../lib/address.ts";
import { nowSeconds } from "../../lib/time.ts";
import { line, uuid } from "../../platform/validation.ts";
import { AttachmentResponse } from "../attachments/schemas.ts";
import { FOLDERS } from "../folders.ts";
import { pageOf, pageQuery } from "../lists/pagination.ts";

const address = z
  .string()
  .check(
    z.maxLength(MAX_ADDRESS, `at most ${MAX_ADDRESS} characters`),
    z.refine(isAddress, "must be an email address"),
  );

export const Recipient = z.object({ name: z.nullish(line(200)), email: address });

export type Recipient = z.infer<typeof Recipient>;

const MAX_RECIPIENTS = 500;
/** Each of To, Cc and Bcc. */
export const recipients = z
  .array(Recipient)
  .check(z.maxLength(MAX_RECIPIENTS, `at most ${MAX_RECIPIENTS} recipients`));

export const MessageParam = z.object({ message_id: uuid });

const FOLDER_FILTERS = [...FOLDERS, "all"] as const;
/** A folder, or `all` of them; without it lists leave out junk, trash and drafts. */
export const folder = z.optional(z.enum(FOLDER_FILTERS, `must be one of ${FOLDER_FILTERS.join(", ")}`));
export type FolderFilter = z.infer<typeof folder>;

export const MessagesQuery = z.object({
  ...pageQuery,
  account_id: z.optional(uuid),
  thread_id: z.optional(uuid),
  folder,
});
export type MessagesQuery = z.infer<typeof MessagesQuery>;

export const HtmlQuery = z.object({ images: z.optional(z.enum(["1", "0"], 'must be "1" or "0"')) });

export const ComposeQuery = z.object({
  as: z._default(z.enum(["reply", "reply-all", "forward"], "must be reply, reply-all or forward"), "reply"),
  images: HtmlQuery.shape.images,
});
export type ComposeQuery = z.infer<typeof ComposeQuery>;

/** RFC 5322 section 2.1.1 allows a line of 998 characters; a longer subject would be cut on the way. */
export const MAX_SUBJECT = 998;

export const MAX_FILES = 20;
const MAX_UNDO_SECONDS = 60;
/** As long as its files are kept for it. */
const MAX_DAYS_AHEAD = 30;

/** When a mail leaves, if not at once. */
export const timing = {
  /** It can be cancelled for so long, and leaves then. */
  undo_seconds: z.nullish(
    z
      .int()
      .check(
        z.minimum(0, "must be at least 0"),
        z.maximum(MAX_UNDO_SECONDS, `must be at most ${MAX_UNDO_SECONDS}`),
      ),
  ),
  send_at: z.nullish(
    z
      .pipe(
        z.iso.datetime({ offset: true, error: "must be a time such as 2026-01-31T09:00:00Z" }),
        z.transform((time) => Math.ceil(Date.parse(time) / 1000)),
      )
      .check(
        z.refine((at) => at > nowSeconds(), "must be in the future"),
        z.refine(
          (at) => at < nowSeconds() + MAX_DAYS_AHEAD * 86_400,
          `must be within ${MAX_DAYS_AHEAD} days`,
        ),
      ),
  ),
};

const attachment_ids = z.nullish(
  z.array(uuid).check(
    z.maxLength(MAX_FILES, `at most ${MAX_FILES} files`),
    z.refine((ids) => new Set(ids).size === ids.length, "must not name a file twice"),
  ),
);

const written = {
  cc: z.nullish(recipients),
  bcc: z.nullish(recipients),
  body_html: z.string(),
  body_text: z.nullish(z.string()),
  attachment_ids,
  ...timing,
};

export const SendRequest = z.object({
  email_account_id: uuid,
  to: recipients.check(z.minLength(1, "at least one recipient")),
  subject: line(MAX_SUBJECT),
  reply_to_message_id: z.nullish(uuid),
  ...written,
});
export type SendRequest = z.infer<typeof SendRequest>;

/** What holds for the head of every mail that leaves, whether a person wrote it or it follows from another mail. */
export const MailHead = z.object({
  to: SendRequest.shape.to,
  cc: z.nullish(recipients),
  bcc: z.nullish(recipients),
  subject: SendRequest.shape.subject,
});

/** What a person writes in answer to all; the rest follows from the mail that is answered. */
export const ReplyAllRequest = z.object({
  /** Else the one that the mail came to. */
  email_account_id: z.nullish(uuid),
  subject: z.nullish(line(MAX_SUBJECT)),
  ...written,
});
export type ReplyAllRequest = z.infer<typeof ReplyAllRequest>;

/** The files of the mail that is passed on go with it. */
export const ForwardRequest = z.extend(ReplyAllRequest, {
  to: recipients.check(z.minLength(1, "at least one recipient")),
});
export type ForwardRequest = z.infer<typeof ForwardRequest>;

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

const Suggested = z.array(z.object({ name: z.nullable(z.string()), email: z.string() }));

/** The beginnings of an answer, in the names that sending takes them by. */
export const ComposeResponse = z.object({
  /** The mailbox that the mail lies in. */
  email_account_id: z.uuid(),
  reply_to_message_id: z.nullable(z.uuid()),
  to: Suggested,
  cc: Suggested,
  subject: z.string(),
  /** What follows the text that somebody writes. Safe to show. */
  quoted_html: z.string(),
  quoted_text: z.string(),
  /** What a forward takes along. */
  attachments: z.array(AttachmentResponse),
});
export type ComposeResponse = z.infer<typeof ComposeResponse>;
