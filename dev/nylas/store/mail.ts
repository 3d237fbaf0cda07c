/** Messages as callers pass them to the stand-in and receive them from it. None of these are Nylas shapes. */

export interface Address {
  email: string;
  name?: string;
}

export interface MailAttachment {
  filename: string;
  contentType: string;
  content: Uint8Array;
  contentId?: string;
  inline?: boolean;
}

export interface InboundMail {
  /** Absent when the message has no sender, as in some bounces. */
  from?: Address;
  to: Address[];
  cc?: Address[];
  bcc?: Address[];
  replyTo?: Address[];
  subject: string;
  /** Nylas keeps one `body`: the HTML if present, else the text. */
  html?: string;
  text?: string;
  attachments?: MailAttachment[];
  /** Time of receipt in milliseconds. Default: now. */
  date?: number;
  /** The Date header as written. Default: derived from `date`. */
  dateHeader?: string;
  /** With angle brackets, as are `inReplyTo` and `references`. */
  messageId?: string;
  inReplyTo?: string;
  references?: string[];
  /** Default: INBOX. With SENT, the sender gets a copy too if they have a grant here. */
  folder?: string;
  unread?: boolean;
  /** Stored as history: no webhook is notified. */
  silent?: boolean;
}

/** A message with a sender. */
export interface SignedMail extends InboundMail {
  from: Address;
}

/** A message sent through the API. `recipients` lists only addresses without a grant here. */
export interface OutgoingMail extends SignedMail {
  recipients: Address[];
  references: string[];
}

/** All recipients of a message, without duplicates; the case of letters is ignored. */
export function recipientsOf(mail: InboundMail): Address[] {
  const byEmail = new Map<string, Address>();
  for (const address of [...mail.to, ...(mail.cc ?? []), ...(mail.bcc ?? [])]) {
    const key = address.email.toLowerCase();
    if (!byEmail.has(key)) byEmail.set(key, address);
  }
  return [...byEmail.values()];
}
