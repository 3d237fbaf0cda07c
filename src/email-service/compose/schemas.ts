import * as z from "zod/mini";
import { CUID } from "../../lib/cuid.ts";
import { headerText } from "../../lib/fields.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { accountId, address, line, objectId } from "../schemas.ts";

const MAX_RECIPIENTS = 500;
const MAX_FILES = 100;
const MAX_SUBJECT = 500;

const recipients = lazy(() =>
  z.array(address()).check(z.maxLength(MAX_RECIPIENTS, `at most ${MAX_RECIPIENTS} recipients`)),
);

/** An id of ours, or a Message-ID with its angle brackets. */
const inReplyTo = lazy(() =>
  z
    .string()
    .check(
      z.refine(
        (text) => CUID.test(text) || /^<[\x21-\x3b\x3d\x3f-\x7e]{1,900}>$/.test(text),
        "must be the id of a message, or a Message-ID in angle brackets",
      ),
    ),
);

const optional = lazy(() => ({
  cc: z._default(recipients(), []),
  bcc: z._default(recipients(), []),
  replyTo: z.nullish(address()),
  isHtml: z._default(z.boolean(), false),
  attachmentIds: z._default(
    z.array(objectId()).check(z.maxLength(MAX_FILES, `at most ${MAX_FILES} files`)),
    [],
  ),
  inReplyTo: z.nullish(inReplyTo()),
}));

export const MailSend = lazy(() =>
  z.object({
    accountId: accountId(),
    to: recipients().check(z.minLength(1, "must name somebody")),
    subject: line(MAX_SUBJECT),
    body: z.string().check(z.minLength(1, "must not be empty")),
    ...optional(),
  }),
);
export type MailSend = Infer<typeof MailSend>;

/** A draft may lack what a mail must have. */
export const DraftSave = lazy(() =>
  z.object({
    accountId: accountId(),
    to: z._default(recipients(), []),
    subject: z._default(headerText(MAX_SUBJECT), ""),
    body: z._default(z.string(), ""),
    ...optional(),
    /** Of the draft that it replaces. */
    draftId: z.nullish(objectId()),
  }),
);
export type DraftSave = Infer<typeof DraftSave>;
