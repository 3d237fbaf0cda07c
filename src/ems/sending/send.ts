import { invalid } from "../../lib/errors.ts";
import { nowSeconds } from "../../lib/time.ts";
import { filesOf } from "../attachments/outgoing.ts";
import type { UserCtx } from "../context.ts";
import type { MessageResponse } from "../messages/schemas.ts";
import { compose, findOriginal, findSendingAccount } from "./compose.ts";
import { replyAllRecipients, withPrefix } from "./recipients.ts";
import type { ForwardRequest, OutboxResponse, ReplyAllRequest, SendRequest } from "./schemas.ts";
import { type SentDraft, submit } from "./submit.ts";

/** How a mail is to be sent, apart from what it says. */
export interface SendOptions {
  /** The id of the message that is answered. */
  replyTo?: string | null | undefined;
  /** The version of its thread that the sender has seen; null to send whatever was written since. */
  seen?: number | null;
  /** Of several requests of a user under one key, one makes a mail. */
  idempotencyKey?: string | null;
  /** The draft that is sent: of all who send it, one makes a mail. */
  draft?: SentDraft | null;
}

/** The mail as it is stored, or its outbox entry while it waits. */
export type Sent = { message: MessageResponse } | { waiting: OutboxResponse };

/**
 * Sends a mail, as an answer in the original's thread when there is one.
 * @throws ServiceError `not_found` for an original that is not the caller's; `forbidden` for an account that is not, or not of the
 *   original's company; what `compose` and `submit` throw
 */
export async function sendMessage(
  ctx: UserCtx,
  request: SendRequest,
  options: SendOptions = {},
): Promise<Sent> {
  const original = options.replyTo ? await findOriginal(ctx, options.replyTo) : null;
  const account = await findSendingAccount(ctx, request.email_account_id, original);
  const mail = await compose(ctx, account, request, original);
  const thread_id = original?.thread_id ?? null;
  return submit(ctx, { ...submissionFields(account, request, options), mail, thread_id });
}

/**
 * Answers a mail to all who have it. Its sender and its recipients follow from the mail itself.
 * @throws ServiceError `invalid` for a mail that names no address; as `sendMessage`
 */
export async function replyAll(
  ctx: UserCtx,
  id: string,
  request: ReplyAllRequest,
  options: SendOptions,
): Promise<Sent> {
  const original = await findOriginal(ctx, id);
  const account = await findSendingAccount(ctx, request.email_account_id ?? original.account_id, original);
  const { to, cc } = replyAllRecipients(original, [account.email_address, original.email_address]);
  if (to.length === 0) throw invalid("to: the mail names no email address that could be answered");
  const subject = request.subject ?? withPrefix("Re:", original.subject);
  const written = { ...request, to, cc: [...cc, ...(request.cc ?? [])], subject };
  const mail = await compose(ctx, account, written, original);
  return submit(ctx, { ...submissionFields(account, request, options), mail, thread_id: original.thread_id });
}

/**
 * Passes a mail on to somebody else, with its files. It begins a thread of its own.
 * @throws ServiceError as `sendMessage`
 */
export async function forward(
  ctx: UserCtx,
  id: string,
  request: ForwardRequest,
  options: SendOptions,
): Promise<Sent> {
  const original = await findOriginal(ctx, id);
  const account = await findSendingAccount(ctx, request.email_account_id ?? original.account_id, original);
  const subject = request.subject ?? withPrefix("Fwd:", original.subject);
  const files = await filesOf(ctx, original.id, request.body_html);
  const mail = await compose(ctx, account, { ...request, subject }, null, files);
  return submit(ctx, {
    ...submissionFields(account, request, { ...options, seen: null }),
    mail,
    thread_id: null,
  });
}

function submissionFields(
  account: { id: string; company_id: number },
  { send_at, undo_seconds }: Pick<SendRequest, "send_at" | "undo_seconds">,
  { seen = null, idempotencyKey = null, draft = null }: SendOptions,
) {
  const undo = undo_seconds ? nowSeconds() + undo_seconds : null;
  return {
    company_id: account.company_id,
    account_id: account.id,
    seen,
    send_at: send_at ?? undo,
    idempotencyKey,
    draft,
  };
}
