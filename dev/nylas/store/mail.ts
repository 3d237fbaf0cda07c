/** The mail that people hand to the stand-in and get from it; nothing here is a Nylas shape. */

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
  /** Absent for a mail that names nobody there, as some bounces do. */
  from?: Address;
  to: Address[];
  cc?: Address[];
  bcc?: Address[];
  replyTo?: Address[];
  subject: string;
  /** Nylas keeps one `body`: the html if there is one, else the text. */
  html?: string;
  text?: string;
  attachments?: MailAttachment[];
  /** When it was received, in milliseconds; default now. */
  date?: number;
  /** Its Date header as it was written; default from `date`. */
  dateHeader?: string;
  /** With angle brackets, as are `inReplyTo` and `references`. */
  messageId?: string;
  inReplyTo?: string;
  references?: string[];
  /** Default INBOX. SENT also keeps a copy for `from`, when that is a grant here. */
  folder?: string;
  unread?: boolean;
  /** History: stored, but announced to no webhook. */
  silent?: boolean;
}

/** A mail that says who wrote it. */
export interface SignedMail extends InboundMail {
  from: Address;
}

/** A mail sent through the API; `recipients` are those of its addresses that are no grant here. */
export interface OutgoingMail extends SignedMail {
  recipients: Address[];
  references: string[];
}

/** Every address a mail goes to, each once, case apart. */
export function recipientsOf(mail: InboundMail): Address[] {
  const byEmail = new Map<string, Address>();
  for (const address of [...mail.to, ...(mail.cc ?? []), ...(mail.bcc ?? [])]) {
    const key = address.email.toLowerCase();
    if (!byEmail.has(key)) byEmail.set(key, address);
  }
  return [...byEmail.values()];
}
