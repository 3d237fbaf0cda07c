import { sql } from "drizzle-orm";
import { ApiError, forbidden, notFound } from "../../lib/errors.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { nowSeconds } from "../../lib/time.ts";
import { inCompanies, type UserCtx } from "../context.ts";
import { type OutgoingMail, ProviderError, type ProviderMessage } from "../provider/port.ts";
import { claimVersion, releaseVersion } from "../threads/version.ts";
import { applyMessage } from "./ingest.ts";
import type { MessageResponse, SendRequest } from "./schemas.ts";
import { getMessage } from "./service.ts";

interface SendingAccount {
  id: string;
  company_id: number;
  email_address: string;
  display_name: string | null;
  grant_id: string | null;
  grant_provider: string | null;
  status: string;
}

interface Original {
  thread_id: string;
  account_id: string;
  company_id: number;
  provider_message_id: string;
  internet_message_id: string | null;
}

/**
 * Sends a mail, as an answer in the original's thread when there is one. The answer is the mail as it is stored,
 * after the provider has taken it.
 * @param replyTo the id of the message that is answered
 * @param seen the version of its thread that the sender has seen; null to send whatever was written since
 * @throws ApiError 404 for an original that is not the caller's; 403 for an account that is not, or not of the
 *   original's company; 409 for a mailbox that must be connected again, and for a thread in which more was written;
 *   502 when the provider failed
 */
export async function sendMessage(
  ctx: UserCtx,
  request: SendRequest,
  replyTo: string | null | undefined,
  seen: number | null = null,
): Promise<MessageResponse> {
  const original = replyTo ? await findOriginal(ctx, replyTo) : null;
  const account = await findSendingAccount(ctx, request.email_account_id, original);
  if (account.grant_id === null || account.status === "disconnected") throw disconnected();
  const mail = toOutgoingMail(account, request, original);
  const { grant_id } = account;
  const send = () => ctx.provider.send(grant_id, mail, uuidv7());
  const sending = original && seen !== null ? claimed(ctx, original.thread_id, seen, send) : send();
  const answer = await sending.catch(throwSendError);
  const { id } = await applyMessage(ctx, account, {
    message: toSentMessage(mail, answer),
    observedAt: nowSeconds() * 1000,
    cause: uuidv7(),
    sent: {
      userId: ctx.user.user_id,
      text: request.body_text ?? null,
      threadId: original?.thread_id ?? null,
    },
  });
  if (id === null) throw new Error("A mail that has just been sent was deleted before");
  return getMessage(ctx, id);
}

/** Sends under a claim to the thread's next version. Where it is not known whether it was sent, the claim stands. */
async function claimed<T>(ctx: UserCtx, threadId: string, seen: number, send: () => Promise<T>): Promise<T> {
  await claimVersion(ctx, threadId, seen);
  try {
    return await send();
  } catch (error) {
    if (error instanceof ProviderError && error.fault !== "unknown")
      await releaseVersion(ctx, threadId, seen);
    throw error;
  }
}

async function findOriginal(ctx: UserCtx, id: string): Promise<Original> {
  const [original] = await ctx.db.all<Original>(sql`
    SELECT thread_id, account_id, company_id, provider_message_id, internet_message_id
    FROM ems_messages WHERE id = ${id} AND company_id ${inCompanies(ctx)}`);
  if (!original) throw notFound("Message");
  return original;
}

async function findSendingAccount(
  ctx: UserCtx,
  id: string,
  original: Original | null,
): Promise<SendingAccount> {
  const [account] = await ctx.db.all<SendingAccount>(sql`
    SELECT id, company_id, email_address, display_name, grant_id, grant_provider, status
    FROM ems_accounts WHERE id = ${id} AND company_id ${inCompanies(ctx)}`);
  if (!account || (original && original.company_id !== account.company_id)) {
    throw forbidden("No access to this email account");
  }
  return account;
}

function toOutgoingMail(
  account: SendingAccount,
  request: SendRequest,
  original: Original | null,
): OutgoingMail {
  const recipients = (list: SendRequest["cc"]) =>
    (list ?? []).map(({ name, email }) => ({ name: name || null, email }));
  return {
    from: { name: account.display_name, email: account.email_address },
    to: recipients(request.to),
    cc: recipients(request.cc),
    bcc: recipients(request.bcc),
    subject: request.subject,
    html: request.body_html,
    ...(original ? answering(account, original) : {}),
  };
}

/** How the provider is told which mail is answered: by its own id, on IMAP and from another mailbox by Message-ID. */
function answering(account: SendingAccount, original: Original): Partial<OutgoingMail> {
  const messageId = original.internet_message_id;
  if (original.account_id !== account.id) return messageId ? { in_reply_to: messageId } : {};
  const id = account.grant_provider === "imap" ? messageId : original.provider_message_id;
  return id ? { reply_to_message_id: id } : {};
}

/** What we know of the mail, under the ids that the provider gave it. */
const toSentMessage = (mail: OutgoingMail, answer: ProviderMessage): ProviderMessage => ({
  ...answer,
  from: mail.from,
  to: mail.to,
  cc: mail.cc,
  bcc: mail.bcc,
  subject: mail.subject,
  body: mail.html,
  date: answer.date ?? nowSeconds(),
  attachments: [],
});

const disconnected = (cause?: unknown) =>
  new ApiError(409, "This email account is disconnected; connect it again before you send from it", {
    cause,
  });

function throwSendError(error: unknown): never {
  if (!(error instanceof ProviderError)) throw error;
  if (error.fault === "grant_dead") throw disconnected(error);
  const detail =
    error.fault === "unknown"
      ? `It is not known whether the mail was sent: ${error.message}`
      : `The mail was not sent: ${error.message}`;
  throw new ApiError(502, detail, {
    cause: error,
    ...(error.retryAfterSeconds ? { retryAfterSeconds: error.retryAfterSeconds } : {}),
  });
}
