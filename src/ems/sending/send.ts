import { invalid } from "../../lib/errors.ts";
import { nowSeconds } from "../../lib/time.ts";
import { filesOf } from "../attachments/outgoing.ts";
import type { UserCtx } from "../context.ts";
import type { MessageResponse } from "../messages/responses.ts";
import { compose, findOriginal, findSendingAccount } from "./compose.ts";
import { replyAllRecipients, withPrefix } from "./recipients.ts";
import type { OutboxResponse } from "./responses.ts";
import type { ForwardRequest, ReplyAllRequest, SendRequest } from "./schemas.ts";
import { type SentDraft, submit } from "./submit.ts";

/** How to send a mail. */
export interface SendOptions {
  /** The id of the message it replies to. */
  replyTo?: string | null | undefined;
  /** The thread version the sender has seen; null to skip that check. */
  seen?: number | null;
  /** A user's requests with the same key create one mail. */
  idempotencyKey?: string | null;
  /** The draft it was written as. One draft version creates one mail, even when several users send it. */
  draft?: SentDraft | null;
}

/** The stored message, or the outbox entry of a mail that is due later. */
export type Sent = { message: MessageResponse } | { waiting: OutboxResponse };

/**
 * Sends a mail. With `replyTo` it lands in the original's thread.
 * @throws ServiceError not_found for an original outside the caller's companies; forbidden for an account outside
 *   them or outside the original's company; and as `compose` and `submit`
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
 * Replies to everyone on a mail. The recipients follow from the original; the account defaults to the original's.
 * @throws ServiceError invalid when the original has no valid address; and as `sendMessage`
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
  if (to.length === 0) throw invalid("to: the mail has no email address to reply to");
  const subject = request.subject ?? withPrefix("Re:", original.subject);
  const written = { ...request, to, cc: [...cc, ...(request.cc ?? [])], subject };
  const mail = await compose(ctx, account, written, original);
  return submit(ctx, { ...submissionFields(account, request, options), mail, thread_id: original.thread_id });
}

/**
 * Forwards a mail with its attachments. The forward starts its own thread.
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
