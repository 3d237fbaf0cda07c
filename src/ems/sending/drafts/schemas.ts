import * as z from "zod/mini";
import { uuid } from "../../../lib/fields.ts";
import { type Infer, lazy } from "../../../lib/lazy.ts";
import { pageQuery } from "../../lists/pagination.ts";
import { MAX_FILES, recipients, SendRequest, timing } from "../schemas.ts";

export const DraftParam = lazy(() => z.object({ draft_id: uuid() }));

export const DraftsQuery = lazy(() => z.object({ ...pageQuery(), account_id: z.optional(uuid()) }));
export type DraftsQuery = Infer<typeof DraftsQuery>;

/** The fields of a draft, all optional. Null empties a nullable field. */
export const DraftUpdate = lazy(() => {
  const { subject, body_html, body_text, reply_to_message_id } = SendRequest().shape;
  return z.object({
    email_account_id: z.optional(uuid()),
    to: z.optional(recipients()),
    cc: z.nullish(recipients()),
    bcc: z.nullish(recipients()),
    subject: z.optional(subject),
    body_html: z.optional(body_html),
    body_text,
    reply_to_message_id,
    attachment_ids: z.nullish(
      z.array(uuid()).check(z.maxLength(MAX_FILES, `at most ${MAX_FILES} attachments`)),
    ),
  });
});
export type DraftUpdate = Infer<typeof DraftUpdate>;

export const DraftCreate = lazy(() => z.extend(DraftUpdate(), { email_account_id: uuid() }));
export type DraftCreate = Infer<typeof DraftCreate>;

/** How to send a draft. */
export const DraftSend = lazy(() =>
  z.object({
    ...timing(),
    /** Sends it even if an earlier version was or may have been sent. */
    again: z.optional(z.boolean()),
    /** Of a draft that replies: sends it only if the thread has this version. */
    thread_version: z.optional(z.int()),
  }),
);
export type DraftSend = Infer<typeof DraftSend>;
