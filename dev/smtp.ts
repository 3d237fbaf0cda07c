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
  /** 0 picks a free port. */
  port: number;
  host?: string;
  /** @param raw the bytes as they came */
  onMail: (mail: InboundMail, envelope: Envelope, raw: Uint8Array) => void | Promise<void>;
  /** Receives the recipient in lower case. Default: accept everyone. */
  accepts?: (address: string) => boolean;
}

const MAX_MEGABYTES = 25;
const MAX_BYTES = MAX_MEGABYTES * 1024 * 1024;

/**
 * Receives messages over plain SMTP without authentication, and passes each to `onMail`. The client gets 250 after
 * `onMail` resolves, and 451 if it throws.
 * @returns the port, and `close`, which disconnects remaining clients after a second
 * @throws if the port is not available
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
  // Without a listener an "error" event ends the process. From here on it only means that a client disconnected.
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
    await onMail(mail, envelope, raw);
  } catch (error) {
    throw reply(451, `The mail could not be taken in: ${error instanceof Error ? error.message : error}`);
  }
}

/** Reads to the end, since SMTP can refuse a message only there, but discards a message that is too large. */
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

/** The Date header is only kept as a header: for Nylas, the date of a message is its time of receipt. */
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

/** Replaces groups by their members. "undisclosed-recipients:;" has none. */
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

/** The sender; accepts a bare local part such as MAILER-DAEMON. Undefined if a bounce has no sender. */
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
