import { isAddress } from "../../lib/address.ts";
import { badRequest } from "../../lib/errors.ts";
import { cut, oneLine } from "../../lib/line.ts";
import { nowSeconds } from "../../lib/time.ts";
import { filesOf } from "../attachments/storage.ts";
import type { UserCtx } from "../context.ts";
import type { OutboxResponse } from "../outbox/schemas.ts";
import { submit } from "../outbox/submit.ts";
import type { Address } from "../provider/port.ts";
import { compose, findOriginal, findSendingAccount, type Original } from "./compose.ts";
import {
  type ForwardRequest,
  MAX_SUBJECT,
  type MessageResponse,
  type Recipient,
  type ReplyAllRequest,
  type SendRequest,
} from "./schemas.ts";

/** How a mail is to be sent, apart from what it says. */
export interface SendOptions {
  /** The id of the message that is answered. */
  replyTo?: string | null | undefined;
  /** The version of its thread that the sender has seen; null to send whatever was written since. */
  seen?: number | null;
  /** Of several requests of a user under one key, one makes a mail. */
  idempotencyKey?: string | null;
}

/** The mail as it is stored, or its outbox entry while it waits. */
export type Sent = { message: MessageResponse } | { waiting: OutboxResponse };

/**
 * Sends a mail, as an answer in the original's thread when there is one.
 * @throws ApiError 404 for an original that is not the caller's; 403 for an account that is not, or not of the
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
  return submit(ctx, { ...placeOf(account, request, options), mail, thread_id });
}

/**
 * Answers a mail to all who have it. Its sender and its recipients follow from the mail itself.
 * @throws ApiError 400 for a mail that names no address; as `sendMessage`
 */
export async function replyAll(
  ctx: UserCtx,
  id: string,
  request: ReplyAllRequest,
  options: SendOptions,
): Promise<Sent> {
  const original = await findOriginal(ctx, id);
  const account = await findSendingAccount(ctx, request.email_account_id ?? original.account_id, original);
  const { to, cc } = audienceOf(original, [account.email_address, original.email_address]);
  if (to.length === 0) throw badRequest("to: the mail names no email address that could be answered");
  const subject = request.subject ?? prefixed("Re:", original.subject);
  const written = { ...request, to, cc: [...cc, ...(request.cc ?? [])], subject };
  const mail = await compose(ctx, account, written, original);
  return submit(ctx, { ...placeOf(account, request, options), mail, thread_id: original.thread_id });
}

/**
 * Passes a mail on to somebody else, with its files. It begins a thread of its own.
 * @throws ApiError as `sendMessage`
 */
export async function forward(
  ctx: UserCtx,
  id: string,
  request: ForwardRequest,
  options: SendOptions,
): Promise<Sent> {
  const original = await findOriginal(ctx, id);
  const account = await findSendingAccount(ctx, request.email_account_id ?? original.account_id, original);
  const subject = request.subject ?? prefixed("Fwd:", original.subject);
  const files = await filesOf(ctx, original.id, request.body_html);
  const mail = await compose(ctx, account, { ...request, subject }, null, files);
  return submit(ctx, { ...placeOf(account, request, { ...options, seen: null }), mail, thread_id: null });
}

function placeOf(
  account: { id: string; company_id: number },
  { send_at, undo_seconds }: Pick<SendRequest, "send_at" | "undo_seconds">,
  { seen = null, idempotencyKey = null }: SendOptions,
) {
  const undo = undo_seconds ? nowSeconds() + undo_seconds : null;
  return {
    company_id: account.company_id,
    account_id: account.id,
    seen,
    send_at: send_at ?? undo,
    idempotencyKey,
  };
}

/**
 * Who gets an answer to all: of a mail of our own those who got it; else whoever wants the answers, by Reply-To or as
 * its sender (RFC 5322 section 3.6.2), and those who got it. Never ourselves, unless it is a mail to oneself.
 * @returns nobody in `to` when the mail names no address
 */
function audienceOf(original: Original, ours: string[]): { to: Address[]; cc: Address[] } {
  const seen = new Set(ours.map((email) => email.toLowerCase()));
  const others = (list: Address[]) =>
    list.filter(({ email }) => {
      const isNew = isAddress(email) && !seen.has(email.toLowerCase());
      seen.add(email.toLowerCase());
      return isNew;
    });
  const from = named({ name: original.from_name, email: original.from_address });
  const to = parseList(original.to_addresses);
  const cc = parseList(original.cc_addresses);
  const replyTo = parseList(original.reply_to_addresses);
  const got = new Set([...to, ...cc].map(({ email }) => email.toLowerCase()));
  const isOurs = original.direction === "outbound";
  const asked = isOurs ? [] : others(replyTo);
  const direct = [...(isOurs ? [] : asked.length ? asked : others([from])), ...others(to)];
  // A list that has the answers sent to itself takes the place of the sender, who need not be on it.
  const isList = asked.some(({ email }) => got.has(email.toLowerCase()));
  const copies = others(isList ? [...cc, from] : cc);
  if (direct.length) return { to: direct, cc: copies };
  const [some = isAddress(from.email) ? [from] : []] = [copies, others(replyTo)].filter(
    (list) => list.length,
  );
  return { to: some, cc: [] };
}

const parseList = (json: string | null): Address[] => JSON.parse(json ?? "[]").map(named);

/** What is stored from before names were cleaned when they came. */
const named = ({ name, email }: Recipient): Address => ({ name: oneLine(name ?? "", 200) || null, email });

function prefixed(prefix: string, stored: string): string {
  const subject = oneLine(stored, MAX_SUBJECT);
  const isPrefixed = subject.toLowerCase().startsWith(prefix.toLowerCase());
  return isPrefixed ? subject : cut(`${prefix} ${subject}`, MAX_SUBJECT).trim();
}
