import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import MailComposer from "nodemailer/lib/mail-composer";
import type { Address, OutgoingMail } from "./nylas/sim.ts";

/**
 * The mail as an RFC 5322 file with CRLF line ends. Unlike the copy a recipient gets, it keeps the Bcc header.
 * @returns the bytes; a mail without messageId or date gets new ones
 */
export async function toEml(mail: OutgoingMail): Promise<Uint8Array> {
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

/**
 * Writes the mail into `dir`, which is made when missing, as `<ISO time>-<recipient>-<slug of subject>.eml`.
 * @returns the path of the new file; an earlier file is never overwritten
 */
export async function saveOutgoing(dir: string, mail: OutgoingMail): Promise<string> {
  await mkdir(dir, { recursive: true });
  const name = fileName(mail);
  const content = await toEml(mail);
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

function fileName({ date, recipients, subject }: OutgoingMail): string {
  const time = new Date(date ?? Date.now()).toISOString().replaceAll(":", "-"); // Windows allows no colon
  const recipient = slug(recipients[0]?.email ?? "", /[^a-z0-9@._+]+/g);
  return `${time}-${recipient || "nobody"}-${slug(subject, /[^\p{L}\p{N}]+/gu) || "no-subject"}`;
}

// A file name holds 255 bytes, and a letter takes up to four of them.
const slug = (text: string, others: RegExp) =>
  [...text.normalize("NFC").toLowerCase().replace(others, "-")]
    .slice(0, 40)
    .join("")
    .replace(/^-+|-+$/g, "");
