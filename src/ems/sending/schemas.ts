import * as z from "zod/mini";
import { isAddress, MAX_ADDRESS } from "../../lib/address.ts";
import { dateTime, headerText, uuid } from "../../lib/fields.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { nowSeconds } from "../../lib/time.ts";
import { cursorQuery } from "../lists/pagination.ts";
import { HtmlQuery } from "../messages/schemas.ts";

const address = lazy(() =>
  z
    .string()
    .check(
      z.maxLength(MAX_ADDRESS, `at most ${MAX_ADDRESS} characters`),
      z.refine(isAddress, "must be an email address"),
    ),
);

export const Recipient = lazy(() => z.object({ name: z.nullish(headerText(200)), email: address() }));
export type Recipient = Infer<typeof Recipient>;

const MAX_RECIPIENTS = 500;

/** One of To, Cc and Bcc. */
export const recipients = lazy(() =>
  z.array(Recipient()).check(z.maxLength(MAX_RECIPIENTS, `at most ${MAX_RECIPIENTS} recipients`)),
);

/** RFC 5322 section 2.1.1 limits a line to 998 characters. Servers would cut a longer subject. */
export const MAX_SUBJECT = 998;

export const MAX_FILES = 20;

const MAX_UNDO_SECONDS = 60;

/** Uploads are kept this long for a scheduled mail. */
const MAX_DAYS_AHEAD = 30;

/** When to send a mail; without either field, at once. */
export const timing = lazy(() => ({
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
        dateTime(),
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
}));

const attachment_ids = lazy(() =>
  z.nullish(
    z.array(uuid()).check(
      z.maxLength(MAX_FILES, `at most ${MAX_FILES} files`),
      z.refine((ids) => new Set(ids).size === ids.length, "must not name a file twice"),
    ),
  ),
);

const written = lazy(() => ({
  cc: z.nullish(recipients()),
  bcc: z.nullish(recipients()),
  body_html: z.string(),
  body_text: z.nullish(z.string()),
  attachment_ids: attachment_ids(),
  ...timing(),
}));

export const SendRequest = lazy(() =>
  z.object({
    email_account_id: uuid(),
    to: recipients().check(z.minLength(1, "at least one recipient")),
    subject: headerText(MAX_SUBJECT),
    reply_to_message_id: z.nullish(uuid()),
    ...written(),
  }),
);
export type SendRequest = Infer<typeof SendRequest>;

/** Limits of the headers of every mail, whether typed or taken from another mail. */
export const MailHead = lazy(() =>
  z.object({
    to: SendRequest().shape.to,
    cc: z.nullish(recipients()),
    bcc: z.nullish(recipients()),
    subject: SendRequest().shape.subject,
  }),
);

/** The fields of a reply to all; recipients follow from the original. */
export const ReplyAllRequest = lazy(() =>
  z.object({
    /** Defaults to the original's account. */
    email_account_id: z.nullish(uuid()),
    subject: z.nullish(headerText(MAX_SUBJECT)),
    ...written(),
  }),
);
export type ReplyAllRequest = Infer<typeof ReplyAllRequest>;

/** The attachments of the original are added. */
export const ForwardRequest = lazy(() =>
  z.extend(ReplyAllRequest(), {
    to: recipients().check(z.minLength(1, "at least one recipient")),
  }),
);
export type ForwardRequest = Infer<typeof ForwardRequest>;

export const ComposeQuery = lazy(() =>
  z.object({
    as: z._default(z.enum(["reply", "reply-all", "forward"], "must be reply, reply-all or forward"), "reply"),
    images: HtmlQuery().shape.images,
  }),
);
export type ComposeQuery = Infer<typeof ComposeQuery>;

export const OutboxParam = lazy(() => z.object({ outbox_id: uuid() }));

export const OutboxQuery = lazy(() => z.object(cursorQuery()));
export type OutboxQuery = Infer<typeof OutboxQuery>;
