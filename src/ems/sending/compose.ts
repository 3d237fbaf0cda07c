import { forbidden, notFound, ServiceError } from "../../lib/errors.ts";
import { fileName } from "../../lib/line.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { sql } from "../../platform/d1/sql.ts";
import { check } from "../../platform/validation.ts";
import { filesNamed, type StoredFile } from "../attachments/outgoing.ts";
import { inCompanies, type UserCtx } from "../context.ts";
import type { Capabilities } from "../provider/port.ts";
import type { accounts, messages } from "../schema/mail.ts";
import type { StoredMail } from "./entry.ts";
import { MailHead, type Recipient, type SendRequest } from "./schemas.ts";
import { disconnected } from "./submit.ts";

/** The columns of an account that sending needs. */
export type SendingAccount = Pick<
  RowOf<typeof accounts>,
  "id" | "company_id" | "email_address" | "display_name" | "grant_id" | "grant_provider" | "status"
>;

/** The message that is replied to or forwarded. */
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
  /** The Message-ID as its sender wrote it. */
  internet_message_id: string | null;
}

/** @throws ServiceError not_found for a message outside the caller's companies */
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
 * Finds the mailbox to send from.
 * @throws ServiceError forbidden for an account outside the caller's companies or the original's company; conflict
 *   for a disconnected one
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
 * Builds a mail and checks its limits. Every mail passes here, so headers taken from a stranger's mail meet the
 * same limits as typed ones.
 * @param answered the message it replies to
 * @param forwarded attachments of a forwarded message
 * @throws ServiceError invalid for headers that cannot be sent and for an unknown file; too_large above the
 *   provider's limit
 */
export async function compose(
  ctx: UserCtx,
  account: SendingAccount,
  written: Written,
  answered: Original | null,
  forwarded: StoredFile[] = [],
): Promise<StoredMail> {
  check(MailHead, written);
  const own = await filesNamed(ctx, account.company_id, written.attachment_ids ?? [], written.body_html);
  const files = [...own, ...forwarded].map((file) => ({ ...file, filename: fileName(file.filename) }));
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
 * Names the original to the provider, by the kind of id it asks for. Another mailbox does not have the original,
 * so it gets the References chain (RFC 5322 section 3.6.4).
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
  // References are not stored, so fetch them. Without them the original's Message-ID alone still finds the thread.
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
