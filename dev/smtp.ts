import type { AddressInfo } from "node:net";
import PostalMime, { type Attachment, type Email, type Address as ParsedAddress } from "postal-mime";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import type { Address, InboundMail } from "./nylas/sim.ts";
import { legible } from "./raw-mail.ts";

export interface Envelope {
  from: string;
  to: string[];
}

export interface SmtpOptions {
  /** 0 picks a free one. */
  port: number;
  host?: string;
  onMail: (mail: InboundMail, envelope: Envelope) => void | Promise<void>;
  /** Asked with the recipient in lower case. Without it every recipient is accepted. */
  accepts?: (address: string) => boolean;
}

const MAX_MEGABYTES = 25;
const MAX_BYTES = MAX_MEGABYTES * 1024 * 1024;

/**
 * Takes mail over plain SMTP, without authentication, and hands each parsed mail to `onMail`. The client reads
 * 250 only after `onMail` has settled; when it throws, the client reads 451 and may try again.
 * @returns the port it listens on, and `close`, which cuts clients that are still connected after a second
 * @throws when the port cannot be had
 */
export async function listenSmtp(options: SmtpOptions): Promise<{ port: number; close(): Promise<void> }> {
  const server = new SMTPServer({
    size: MAX_BYTES,
    disabledCommands: ["AUTH", "STARTTLS"],
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 1000,
    onRcptTo({ address }, _session, done) {
      const accepted = options.accepts?.(address.toLowerCase()) ?? true;
      done(accepted ? null : reply(550, `No such demo mailbox: ${address}`));
    },
    onData(stream, session, done) {
      receive(stream, session, options.onMail).then(() => done(), done);
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host ?? "127.0.0.1", resolve);
  });
  // An "error" without a listener would end the process; from here on it only means that a client hung up.
  server.on("error", () => {});
  const { port } = server.server.address() as AddressInfo;
  return { port, close: () => new Promise((resolve) => server.close(resolve)) };
}

const reply = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode });

async function receive(
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  onMail: SmtpOptions["onMail"],
): Promise<void> {
  const raw = await read(stream);
  const { mailFrom, rcptTo } = session.envelope;
  const envelope = {
    from: mailFrom ? mailFrom.address : "",
    to: rcptTo.map(({ address }) => address),
  };
  const mail = await parse(raw, envelope);
  try {
    await onMail(mail, envelope);
  } catch (error) {
    throw reply(451, `The mail could not be taken in: ${error instanceof Error ? error.message : error}`);
  }
}

/** Reads to the end in any case, since SMTP can only refuse a mail after its last line, but keeps no excess. */
async function read(stream: SMTPServerDataStream): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) chunks.length = 0;
    else chunks.push(chunk);
  }
  if (size > MAX_BYTES) throw reply(552, `The mail is larger than ${MAX_MEGABYTES} MB`);
  return Buffer.concat(chunks);
}

async function parse(raw: Uint8Array, envelope: Envelope): Promise<InboundMail> {
  const email = await PostalMime.parse(legible(raw)).catch((error: Error) => {
    throw reply(554, `The mail cannot be parsed: ${error.message}`);
  });
  if (!email.headers.some(({ value }) => value)) throw reply(554, "The mail has no header");
  return { ...toInboundMail(email), ...hiddenRecipients(email, envelope) };
}

/** Nylas tells the time of receipt as the date of a mail; what its Date header says stays a header. */
function toInboundMail(email: Email): InboundMail {
  const { html, text, messageId, inReplyTo } = email;
  const from = senderOf(email);
  const cc = mailboxes(email.cc);
  const replyTo = mailboxes(email.replyTo);
  const references = email.references?.match(/<[^<>\s]+>/g);
  const dateHeader = email.headers.find(({ key }) => key === "date")?.value;
  return {
    ...(from && { from }),
    to: mailboxes(email.to),
    subject: email.subject ?? "",
    ...(cc.length > 0 && { cc }),
    ...(replyTo.length > 0 && { replyTo }),
    ...(html !== undefined && { html }),
    ...(text !== undefined && { text }),
    ...(email.attachments.length > 0 && { attachments: email.attachments.map(toAttachment) }),
    ...(dateHeader && { dateHeader }),
    ...(messageId && { messageId }),
    ...(inReplyTo && { inReplyTo }),
    ...(references && { references: [...references] }),
  };
}

/** Groups are flattened into their members; "undisclosed-recipients:;" is nobody. */
const mailboxes = (addresses: ParsedAddress[] = []): Address[] =>
  addresses
    .flatMap((address) => address.group ?? [address])
    .filter(({ address }) => address.includes("@"))
    .map(({ address, name }) => (name ? { email: address, name } : { email: address }));

function hiddenRecipients(email: Email, envelope: Envelope): Pick<InboundMail, "bcc"> {
  const named = [...mailboxes(email.to), ...mailboxes(email.cc)];
  const seen = new Set(named.map(({ email }) => email.toLowerCase()));
  const hidden = envelope.to.filter((address) => !seen.has(address.toLowerCase()));
  return hidden.length > 0 ? { bcc: hidden.map((email) => ({ email })) } : {};
}

/** Who the From header names, also by a bare local part such as MAILER-DAEMON; nobody in a bounce may be. */
function senderOf({ from, headers }: Email): Address | undefined {
  const [address] = mailboxes(from && [from]);
  if (address) return address;
  const [, local] =
    /^\s*<?([\w.+-]+)>?\s*(?:\(.*\))?\s*$/.exec(headers.find(({ key }) => key === "from")?.value ?? "") ?? [];
  return local ? { email: local } : undefined;
}

function toAttachment(part: Attachment, index: number): NonNullable<InboundMail["attachments"]>[number] {
  const contentId = part.contentId?.replace(/^<|>$/g, "");
  const { content } = part;
  return {
    filename: part.filename ?? `attachment-${index + 1}`,
    contentType: part.mimeType,
    content: typeof content === "string" ? Buffer.from(content) : new Uint8Array(content),
    ...(contentId && { contentId }),
    inline: part.disposition === "inline" || part.related === true,
  };
}
