import { sql } from "drizzle-orm/sql";
import { forbidden, notFound, ServiceError } from "../../lib/errors.ts";
import { fileName } from "../../lib/line.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { check } from "../../platform/validation.ts";
import { shownBy } from "../attachments/images.ts";
import type { StoredFile } from "../attachments/outgoing.ts";
import { findUploads, uploadKeyOf } from "../attachments/uploads.ts";
import { inCompanies, type UserCtx } from "../context.ts";
import type { Capabilities } from "../provider/port.ts";
import type { accounts, messages } from "../schema/mail.ts";
import type { StoredMail } from "./entry.ts";
import { MailHead, type Recipient, type SendRequest } from "./schemas.ts";
import { disconnected } from "./submit.ts";

export type SendingAccount = Pick<
  RowOf<typeof accounts>,
  "id" | "company_id" | "email_address" | "display_name" | "grant_id" | "grant_provider" | "status"
>;

/** The mail that is answered or passed on. */
export interface Original
  extends Pick<
      RowOf<typeof messages>,
      | (
          | "id"
          | "thread_id"
          | "account_id"
          | "company_id"
          | "provider_message_id"
          | "from_address"
          | "from_name"
        )
      | ("to_addresses" | "cc_addresses" | "reply_to_addresses" | "subject" | "direction" | "sent_at")
    >,
    Pick<RowOf<typeof accounts>, "email_address" | "grant_id"> {
  /** As its sender wrote it. */
  internet_message_id: string | null;
}

/** @throws ServiceError `not_found` for a message that is not the caller's */
export async function findOriginal(ctx: UserCtx, id: string): Promise<Original> {
  const [original] = await ctx.db.all(sql<Original>`
    SELECT m.id, m.thread_id, m.account_id, m.company_id, m.provider_message_id,
      coalesce(m.message_id_written, m.internet_message_id) AS internet_message_id, m.from_address, m.from_name,
      m.to_addresses, m.cc_addresses, m.reply_to_addresses, m.subject, m.direction, m.sent_at, a.email_address, a.grant_id
    FROM ems_messages m JOIN ems_accounts a ON a.id = m.account_id
    WHERE m.id = ${id} AND m.company_id ${inCompanies(ctx)}`);
  if (!original) throw notFound("Message");
  return original;
}

/**
 * The mailbox that a mail leaves from.
 * @throws ServiceError `forbidden` for one that is not the caller's, or not of the original's company; `conflict` for one that must be
 *   connected again
 */
export async function findSendingAccount(
  ctx: UserCtx,
  id: string,
  original: Original | null,
): Promise<SendingAccount> {
  const [account] = await ctx.db.all(sql<SendingAccount>`
    SELECT id, company_id, email_address, display_name, grant_id, grant_provider, status
    FROM ems_accounts WHERE id = ${id} AND company_id ${inCompanies(ctx)}`);
  if (!account || (original && original.company_id !== account.company_id)) {
    throw forbidden("No access to this email account");
  }
  if (account.grant_id === null || account.status === "disconnected") throw disconnected();
  return account;
}

type Written = Pick<
  SendRequest,
  "to" | "cc" | "bcc" | "subject" | "body_html" | "body_text" | "attachment_ids"
>;

/**
 * The mail that somebody has written, with all that it names: the one gate through which every mail leaves, so that
 * what follows from a stranger's mail is held against the same limits as what a person sends.
 * @param answered the mail that it answers
 * @param passedOn files of another mail that go with it
 * @throws ServiceError `invalid` for a head that cannot be sent, and for an upload that is not there; `too_large` for
 *   more bytes than the account's provider takes
 */
export async function compose(
  ctx: UserCtx,
  account: SendingAccount,
  written: Written,
  answered: Original | null,
  passedOn: StoredFile[] = [],
): Promise<StoredMail> {
  check(MailHead, written);
  const uploads = await findUploads(ctx, account.company_id, written.attachment_ids ?? []);
  const shownId = shownBy(written.body_html);
  const own = uploads.map((upload) => ({
    key: uploadKeyOf(upload),
    filename: upload.filename,
    content_type: upload.content_type,
    size_bytes: upload.size_bytes,
    content_id: shownId(upload.content_id),
  }));
  const files = [...own, ...passedOn].map((file) => ({ ...file, filename: fileName(file.filename) }));
  const bytes = files.reduce((sum, { size_bytes }) => sum + size_bytes, written.body_html.length);
  const { maxMailBytes } = capabilitiesOf(ctx, account);
  if (bytes > maxMailBytes) {
    throw new ServiceError(
      "too_large",
      `attachment_ids: ${bytes} bytes with the text; a mail holds at most ${maxMailBytes}`,
    );
  }
  return {
    from: { name: account.display_name, email: account.email_address },
    to: toAddresses(written.to),
    cc: toAddresses(written.cc),
    bcc: toAddresses(written.bcc),
    subject: written.subject,
    html: written.body_html,
    text: written.body_text ?? null,
    files,
    ...(answered ? await replyHeaders(ctx, account, answered) : {}),
  };
}

const toAddresses = (list: Recipient[] | null | undefined) =>
  (list ?? []).map(({ name, email }) => ({ name: name || null, email }));

const capabilitiesOf = (ctx: UserCtx, account: SendingAccount): Capabilities =>
  ctx.providerOf(account).capabilities(account.grant_provider);

/**
 * Names the answered mail: in the same mailbox by the id that the provider asks for. Another mailbox does not have
 * that mail: there the whole chain of Message-IDs names it (RFC 5322 section 3.6.4).
 */
async function replyHeaders(
  ctx: UserCtx,
  account: SendingAccount,
  { account_id, provider_message_id, internet_message_id, grant_id }: Original,
): Promise<Pick<StoredMail, "reply_to_message_id" | "references">> {
  if (account_id === account.id) {
    const { repliesBy } = capabilitiesOf(ctx, account);
    const id = repliesBy === "message_id" ? internet_message_id : provider_message_id;
    return id ? { reply_to_message_id: id } : {};
  }
  if (!internet_message_id) return {};
  // The chain is not stored. Without it the nearest id still leads to the conversation.
  const fetched =
    grant_id === null
      ? null
      : await ctx
          .providerOf({ grant_id })
          .getMessage(grant_id, provider_message_id)
          .catch(() => null);
  const before = (fetched?.references ?? []).filter((id) => id !== fetched?.internet_message_id);
  return { references: [...before, internet_message_id] };
}
