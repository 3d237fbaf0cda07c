import type { Folder, Mail } from "./folder.ts";
import { copyInto, dropFrom } from "./gmail.ts";
import { Mailbox } from "./mailbox.ts";
import { type Profile, profileSchema } from "./profile.ts";

/** What a client has submitted. Addresses are bare. */
export interface Envelope {
  from: string;
  to: string[];
}

export interface WorldOptions {
  /** Receives a mail that has recipients without a mailbox here. They alone are in the envelope. */
  onOutgoing?: (raw: Buffer, envelope: Envelope) => void;
  /** Whether an access token of an authorization server is for a mailbox, besides those that the mailbox lists. */
  isToken?: (token: string, address: string) => boolean;
}

/** All mailboxes, in memory. */
export class World {
  readonly mailboxes = new Map<string, Mailbox>();
  readonly #onOutgoing: (raw: Buffer, envelope: Envelope) => void;
  readonly isToken: (token: string, address: string) => boolean;
  #lastUidValidity = Math.floor(Date.now() / 1000);

  constructor({ onOutgoing = () => {}, isToken = () => false }: WorldOptions = {}) {
    this.#onOutgoing = onOutgoing;
    this.isToken = isToken;
  }

  /** Adds a mailbox, in place of one with the same address. */
  addMailbox(address: string, password: string, profile: Partial<Profile> = {}): Mailbox {
    this.#lastUidValidity += 1000;
    const mailbox = new Mailbox(address, password, profileSchema.parse(profile), this.#lastUidValidity);
    this.mailboxes.set(address.toLowerCase(), mailbox);
    return mailbox;
  }

  find(address: string): Mailbox | undefined {
    return this.mailboxes.get(address.toLowerCase());
  }

  /** Delivers a mail that a client sent: into INBOX of each recipient, or out. The sender's server may file a copy. */
  submit(sender: Mailbox, raw: Buffer, { from, to }: Envelope): void {
    const received = withoutBcc(raw);
    const strangers = to.filter((address) => !this.find(address));
    for (const address of new Set(to)) {
      const mailbox = this.find(address);
      if (mailbox) deliver(mailbox, mailbox.inbox, { raw: received });
    }
    if (strangers.length > 0) this.#onOutgoing(received, { from, to: strangers });
    const { filesSentAfter } = sender.profile;
    if (filesSentAfter === null) return;
    const sent = sender.special("\\Sent") ?? sender.create({ path: "Sent", specialUse: "\\Sent" });
    setTimeout(() => deliver(sender, sent, { raw, flags: ["\\Seen"] }), filesSentAfter);
  }
}

/** Puts a new message into a folder. Line ends become CRLF. */
export function deliver(
  mailbox: Mailbox,
  folder: Folder,
  mail: { raw: Uint8Array; flags?: Iterable<string>; receivedAt?: number },
): Mail {
  const emailId = `M${crypto.randomUUID().replaceAll("-", "")}`;
  return copyInto(mailbox, folder, { ...mail, raw: withCrlf(Buffer.from(mail.raw)), emailId });
}

/** Copies messages, with their flags. @returns the copies, in the same order */
export function copyMails(mailbox: Mailbox, mails: Mail[], to: Folder): Mail[] {
  return mails.map((mail) => copyInto(mailbox, to, mail));
}

/** Moves messages: they get new UIDs in the other folder. @returns them there, in the same order */
export function moveMails(mailbox: Mailbox, from: Folder, mails: Mail[], to: Folder): Mail[] {
  const copies = copyMails(mailbox, mails, to);
  dropFrom(mailbox, from, mails);
  return copies;
}

const withCrlf = (raw: Buffer): Buffer => {
  const isClean = !/(?<!\r)\n/.test(raw.toString("latin1"));
  return isClean ? raw : Buffer.from(raw.toString("latin1").replace(/(?<!\r)\n/g, "\r\n"), "latin1");
};

/** Recipients never see who else got a blind copy. */
function withoutBcc(raw: Buffer): Buffer {
  const text = raw.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const head = text.slice(0, end + 2).replace(/^bcc:.*\r\n(?:[ \t].*\r\n)*/gim, "");
  return end < 0 ? raw : Buffer.from(head + text.slice(end + 2), "latin1");
}
