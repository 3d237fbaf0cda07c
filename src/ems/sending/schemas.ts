import * as z from "zod/mini";
import { isAddress, MAX_ADDRESS } from "../../lib/address.ts";
import { headerText, uuid } from "../../lib/fields.ts";
import { nowSeconds } from "../../lib/time.ts";
import { AttachmentResponse } from "../attachments/schemas.ts";
import { cursorQuery } from "../lists/pagination.ts";
import { HtmlQuery } from "../messages/schemas.ts";

const address = z
  .string()
  .check(
    z.maxLength(MAX_ADDRESS, `at most ${MAX_ADDRESS} characters`),
    z.refine(isAddress, "must be an email address"),
  );

export const Recipient = z.object({ name: z.nullish(headerText(200)), email: address });

export type Recipient = z.infer<typeof Recipient>;

const MAX_RECIPIENTS = 500;
/** One of To, Cc and Bcc. */
export const recipients = z
  .array(Recipient)
  .check(z.maxLength(MAX_RECIPIENTS, `at most ${MAX_RECIPIENTS} recipients`));

/** RFC 5322 section 2.1.1 limits a line to 998 characters. Servers would cut a longer subject. */
export const MAX_SUBJECT = 998;

export const MAX_FILES = 20;
const MAX_UNDO_SECONDS = 60;
/** Uploads are kept this long for a scheduled mail. */
const MAX_DAYS_AHEAD = 30;

/** When to send a mail; without either field, at once. */
export const timing = {
  /** Sends after this many seconds. Until then the mail can be cancelled. */
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
  subject: headerText(MAX_SUBJECT),
  reply_to_message_id: z.nullish(uuid),
  ...written,
});
export type SendRequest = z.infer<typeof SendRequest>;

/** Limits of the headers of every mail, whether typed or taken from another mail. */
export const MailHead = z.object({
  to: SendRequest.shape.to,
  cc: z.nullish(recipients),
  bcc: z.nullish(recipients),
  subject: SendRequest.shape.subject,
});

/** The fields of a reply to all; recipients follow from the original. */
export const ReplyAllRequest = z.object({
  /** Defaults to the original's account. */
  email_account_id: z.nullish(uuid),
  subject: z.nullish(headerText(MAX_SUBJECT)),
  ...written,
});
export type ReplyAllRequest = z.infer<typeof ReplyAllRequest>;

/** The attachments of the original are added. */
export const ForwardRequest = z.extend(ReplyAllRequest, {
  to: recipients.check(z.minLength(1, "at least one recipient")),
});
export type ForwardRequest = z.infer<typeof ForwardRequest>;

export const ComposeQuery = z.object({
  as: z._default(z.enum(["reply", "reply-all", "forward"], "must be reply, reply-all or forward"), "reply"),
  images: HtmlQuery.shape.images,
});
export type ComposeQuery = z.infer<typeof ComposeQuery>;

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

export const OutboxParam = z.object({ outbox_id: uuid });

const OutboxState = z.enum(["queued", "sending", "sent", "failed", "unknown", "cancelled"]);
export type OutboxState = z.infer<typeof OutboxState>;

export const OutboxQuery = z.object(cursorQuery);
export type OutboxQuery = z.infer<typeof OutboxQuery>;

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
