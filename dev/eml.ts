import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import MailComposer from "nodemailer/lib/mail-composer";
import PostalMime from "postal-mime";
import type { Address, OutgoingMail, SignedMail } from "./nylas/sim.ts";

/**
 * Writes a message as RFC 5322 with CRLF line ends. Unlike the copy of a recipient, it keeps the Bcc header.
 * @returns the bytes; a missing Message-ID or date is generated
 */
export async function toEml(mail: SignedMail): Promise<Uint8Array> {
  const message = new MailComposer({
    from: toNodemailer(mail.from),
    to: mail.to.map(toNodemailer),
    cc: mail.cc?.map(toNodemailer),
    bcc: mail.bcc?.map(toNodemailer),
    replyTo: mail.replyTo?.map(toNodemailer),
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    messageId: mail.messageId,
    inReplyTo: mail.inReplyTo,
    references: mail.references,
    date: mail.date === undefined ? undefined : new Date(mail.date),
    attachments: mail.attachments?.map(({ filename, contentType, content, contentId, inline }) => ({
      filename,
      contentType,
      content: Buffer.from(content),
      cid: contentId,
      contentDisposition: inline ? "inline" : "attachment",
    })),
    newline: "win",
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  message.keepBcc = true;
  return message.build();
}

const toNodemailer = ({ email, name = "" }: Address) => ({ address: email, name });

/** Saves a message that was sent through the API: see `saveEml`. */
export async function saveOutgoing(dir: string, mail: OutgoingMail): Promise<string> {
  const { date, subject, recipients } = mail;
  return save(dir, fileName({ date, subject, recipient: recipients[0]?.email ?? "" }), await toEml(mail));
}

/**
 * Saves a message in `dir` as `<ISO time>-<recipient>-<slug of subject>.eml`. Creates the folder, and never overwrites
 * a file.
 * @returns the path of the file
 */
export async function saveEml(dir: string, raw: Uint8Array, recipient: string): Promise<string> {
  const { subject = "" } = await PostalMime.parse(raw);
  return save(dir, fileName({ date: undefined, subject, recipient }), raw);
}

async function save(dir: string, name: string, content: Uint8Array): Promise<string> {
  await mkdir(dir, { recursive: true });
  for (let copy = 1; ; copy++) {
    const path = join(dir, `${name}${copy > 1 ? `-${copy}` : ""}.eml`);
    try {
      await writeFile(path, content, { flag: "wx" });
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function fileName(mail: { date: number | undefined; recipient: string; subject: string }): string {
  const time = new Date(mail.date ?? Date.now()).toISOString().replaceAll(":", "-"); // Windows forbids colons
  const recipient = slug(mail.recipient, /[^a-z0-9@._+]+/g);
  return `${time}-${recipient || "nobody"}-${slug(mail.subject, /[^\p{L}\p{N}]+/gu) || "no-subject"}`;
}

// A file name has at most 255 bytes, and a character up to four.
const slug = (text: string, others: RegExp) =>
  [...text.normalize("NFC").toLowerCase().replace(others, "-")]
    .slice(0, 40)
    .join("")
    .replace(/^-+|-+$/g, "");
