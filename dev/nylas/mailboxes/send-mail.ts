import { notFound } from "../http/errors.ts";
import { messageIdHeader, protocolOf, random } from "../store/ids.ts";
import type { Address, MailAttachment } from "../store/mail.ts";
import { recipientsOf } from "../store/mail.ts";
import type { Grant, Header, StoredMessage } from "../store/store.ts";
import { headerOf, mailboxOf } from "../store/store.ts";
import type { World } from "../store/world.ts";
import { now } from "../store/world.ts";
import { announceMessage } from "../webhooks/notifications.ts";
import type { IdentifiedMail, Placement } from "./deposit.ts";
import { deposit, depositHere } from "./deposit.ts";
import { grantByEmail } from "./grants.ts";
import type { Participant, SendPayload } from "./payload-schema.ts";

const MESSAGE_ID_DOMAINS = { google: "mail.gmail.com", microsoft: "prod.outlook.com" };
const THREADING_HEADERS = ["message-id", "in-reply-to", "references"];

/**
 * Stores the message in SENT and for each recipient with a grant here, and notifies of all copies. Passes the other
 * recipients to `onOutgoing`.
 * @throws ApiError 404 if the message replied to is not in the grant
 */
export function sendMail(
  world: World,
  grant: Grant,
  payload: SendPayload,
  attachments: MailAttachment[],
): StoredMessage {
  const mail = composed(world, grant, payload, attachments);
  const placement = placementOf(payload);
  const sent = deposit(world, grant, mail, placement);
  // Nylas: deduplication can swallow message.created, so that only message.updated arrives.
  const updated = random(world.store) < world.sentAsUpdated;
  announceMessage(world, sent, updated ? "message.updated" : "message.created");

  for (const copy of depositHere(world, mail, placement.customHeaders)) {
    announceMessage(world, copy, "message.created");
  }
  const recipients = recipientsOf(mail).filter(({ email }) => !grantByEmail(world, email));
  if (recipients.length > 0) world.onOutgoing(structuredClone({ ...mail, recipients }));
  return sent;
}

function placementOf({ custom_headers: custom }: SendPayload): Placement {
  return {
    folder: "SENT",
    unread: false,
    showBcc: true,
    customHeaders: (custom ?? []).filter(({ name }) => !THREADING_HEADERS.includes(name.toLowerCase())),
  };
}

function composed(world: World, grant: Grant, payload: SendPayload, attachments: MailAttachment[]) {
  const protocol = protocolOf(grant.provider);
  const domain = protocol === "imap" ? grant.email.split("@")[1]! : MESSAGE_ID_DOMAINS[protocol];
  return {
    ...mailOf(grant, payload, attachments),
    ...threadingOf(world, grant, payload),
    messageId: messageIdHeader(world.store, domain),
    date: now(world),
  };
}

function mailOf(
  grant: Grant,
  payload: SendPayload,
  attachments: MailAttachment[],
): Omit<IdentifiedMail, "messageId" | "from"> & { from: Address } {
  const body = payload.body ?? "";
  const from = addresses(payload.from)[0] ?? {
    email: grant.email,
    ...(grant.name !== undefined && { name: grant.name }),
  };
  return {
    from,
    to: addresses(payload.to),
    cc: addresses(payload.cc),
    bcc: addresses(payload.bcc),
    replyTo: addresses(payload.reply_to),
    subject: payload.subject ?? "",
    ...(payload.is_plaintext ? { text: body } : { html: body }),
    attachments,
  };
}

function addresses(participants: Participant[] | null | undefined): Address[] {
  return (participants ?? []).map(({ email, name }) => (name ? { email, name } : { email }));
}

/** In-Reply-To and References: from the message replied to, else from custom headers. */
function threadingOf(
  world: World,
  grant: Grant,
  payload: SendPayload,
): { inReplyTo?: string; references: string[] } {
  const replyTo = payload.reply_to_message_id;
  if (!replyTo) {
    const inReplyTo = customHeader(payload.custom_headers, "in-reply-to");
    const references = messageIds(customHeader(payload.custom_headers, "references"));
    return { ...(inReplyTo && { inReplyTo }), references };
  }
  const parent = repliedTo(world, grant, replyTo);
  if (!parent) throw notFound(`reply_to_message_id not found: ${replyTo}`);
  const inReplyTo = headerOf(parent, "Message-ID")!;
  return { inReplyTo, references: [...messageIds(headerOf(parent, "References")), inReplyTo] };
}

// Nylas: on IMAP reply_to_message_id is the Message-ID header, elsewhere the id of the message.
function repliedTo(world: World, grant: Grant, replyTo: string): StoredMessage | undefined {
  const { messages } = mailboxOf(world.store, grant.id);
  if (grant.provider !== "imap") return messages.get(replyTo);
  return [...messages.values()].find((message) => headerOf(message, "Message-ID") === replyTo);
}

function customHeader(headers: Header[] | null | undefined, name: string): string | undefined {
  return headers?.find((header) => header.name.toLowerCase() === name)?.value;
}

function messageIds(references: string | undefined): string[] {
  return references?.match(/<[^>]+>/g) ?? [];
}
