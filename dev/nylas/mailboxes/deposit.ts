import { messageIdHeader, objectId } from "../store/ids.ts";
import type { InboundMail, MailAttachment } from "../store/mail.ts";
import { recipientsOf } from "../store/mail.ts";
import { snippetOf } from "../store/message-object.ts";
import type { Grant, Header, StoredAttachment, StoredMessage } from "../store/store.ts";
import { keepMessage, mailboxOf } from "../store/store.ts";
import { folderIdFor } from "../store/system-folders.ts";
import type { World } from "../store/world.ts";
import { now } from "../store/world.ts";
import { announceMessage } from "../webhooks/notifications.ts";
import { grantByEmail } from "./grants.ts";
import { addressHeader, encodedWord } from "./mime.ts";

/** A message with its Message-ID, which all copies share. */
export type IdentifiedMail = InboundMail & { messageId: string };

export interface Placement {
  folder: string;
  unread: boolean;
  /** True only for the sender's copy. */
  showBcc: boolean;
  customHeaders?: Header[];
}

/** Receives a message in all mailboxes concerned. @returns the copies, the sender's one last */
export function inbound(world: World, mail: InboundMail): StoredMessage[] {
  const domain = mail.from?.email.split("@")[1] || "unknown.example";
  const identified = { ...mail, messageId: mail.messageId ?? messageIdHeader(world.store, domain) };
  const sent = mail.folder === "SENT";
  const stored = depositHere(world, { ...identified, folder: sent ? "INBOX" : (mail.folder ?? "INBOX") });
  const sender = sent && mail.from && grantByEmail(world, mail.from.email);
  if (sender) {
    const placement = { folder: "SENT", unread: mail.unread ?? false, showBcc: true };
    stored.push(deposit(world, sender, identified, placement));
  }
  if (!mail.silent) for (const message of stored) announceMessage(world, message, "message.created");
  return stored;
}

/** Stores a copy for each recipient with a grant, without notifying anyone. */
export function depositHere(
  world: World,
  mail: IdentifiedMail,
  customHeaders: Header[] = [],
): StoredMessage[] {
  const grants = recipientsOf(mail).flatMap(({ email }) => grantByEmail(world, email) ?? []);
  const placement = {
    folder: mail.folder ?? "INBOX",
    unread: mail.unread ?? true,
    showBcc: false,
    customHeaders,
  };
  return grants.map((grant) => deposit(world, grant, mail, placement));
}

/**
 * Stores one copy in a mailbox. It joins the thread of the last known message in its References and In-Reply-To, or
 * begins a thread.
 */
export function deposit(
  world: World,
  grant: Grant,
  mail: IdentifiedMail,
  placement: Placement,
): StoredMessage {
  const { store } = world;
  const body = mail.html ?? mail.text ?? "";
  const snippet = snippetOf(body);
  const sentAt = mail.date ?? now(world);
  const message: StoredMessage = {
    id: objectId(store, grant.provider),
    grant_id: grant.id,
    object: "message",
    thread_id: threadOf(world, grant, mail) ?? objectId(store, grant.provider),
    subject: mail.subject,
    from: mail.from ? [mail.from] : [],
    to: mail.to,
    cc: mail.cc ?? [],
    bcc: placement.showBcc ? (mail.bcc ?? []) : [],
    reply_to: mail.replyTo ?? [],
    date: Math.floor(sentAt / 1000),
    body,
    ...(snippet !== undefined && { snippet }),
    starred: false,
    unread: placement.unread,
    folders: [folderIdFor(grant, placement.folder)],
    attachments: (mail.attachments ?? []).map((attachment) => depositAttachment(world, grant, attachment)),
    headers: [...headersOf(mail, sentAt), ...(placement.customHeaders ?? [])],
    sequence: ++store.last_sequence,
  };
  // The caller may modify its message later.
  const stored = structuredClone(message);
  keepMessage(store, stored);
  return stored;
}

function threadOf(world: World, grant: Grant, mail: InboundMail): string | undefined {
  const { threads } = mailboxOf(world.store, grant.id);
  const ancestors = [...(mail.references ?? []), ...(mail.inReplyTo ? [mail.inReplyTo] : [])];
  const known = ancestors.findLast((messageId) => threads.has(messageId));
  return known === undefined ? undefined : threads.get(known);
}

function depositAttachment({ store }: World, grant: Grant, attachment: MailAttachment): StoredAttachment {
  const id = objectId(store, grant.provider);
  store.contents.set(id, new Uint8Array(attachment.content));
  const inline = attachment.inline ?? false;
  const disposition = `${inline ? "inline" : "attachment"}; filename="${attachment.filename}"`;
  return {
    id,
    grant_id: grant.id,
    filename: attachment.filename,
    content_type: attachment.contentType,
    size: attachment.content.byteLength,
    is_inline: inline,
    ...(attachment.contentId !== undefined && { content_id: attachment.contentId }),
    // Nylas: Microsoft attachments lack content_disposition.
    ...(grant.provider !== "microsoft" && { content_disposition: disposition }),
  };
}

function headersOf(mail: IdentifiedMail, sentAt: number): Header[] {
  const header = (name: string, value: string | undefined) => (value ? [{ name, value }] : []);
  return [
    ...header("From", addressHeader(mail.from ? [mail.from] : [])),
    ...header("To", addressHeader(mail.to)),
    ...header("Cc", addressHeader(mail.cc ?? [])),
    ...header("Reply-To", addressHeader(mail.replyTo ?? [])),
    ...header("Subject", encodedWord(mail.subject)),
    ...header("Date", mail.dateHeader ?? new Date(sentAt).toUTCString()),
    ...header("Message-ID", mail.messageId),
    ...header("In-Reply-To", mail.inReplyTo),
    ...header("References", mail.references?.join(" ")),
  ];
}
