import { Readable } from "node:stream";
import MailComposer from "nodemailer/lib/mail-composer";
import { fileName, oneLine } from "../../lib/line.ts";
import type { StoredFile } from "../contract.ts";
import { MailError } from "../errors.ts";
import { type ParsedMessage, parseMessage } from "../mime/message.ts";
import type { Address } from "../mime/parts.ts";
import { inPieces } from "../net/pieces.ts";
import type { SmtpMail } from "../smtp/dialogue.ts";
import type { Letter } from "./letter.ts";

/** How base64 is wrapped. */
const LINE = 76;

/**
 * Composes a letter. It is made while it is read, and of the same bytes each time. Its lines end with CRLF, have at most 76
 * characters where MIME can wrap them, and are of ASCII but for addresses of other scripts.
 * @param options.isDraft names the recipients of Bcc, who are in a sent mail's envelope alone
 */
export async function compose(
  bucket: R2Bucket,
  letter: Letter,
  options: { isDraft: boolean },
): Promise<SmtpMail> {
  const { from, to } = messageOf(letter, options, () => "").getEnvelope();
  const sender = from || letter.from.address;
  const { found } = await outlineOf(letter, options);
  return {
    from: sender,
    to,
    size: found.size,
    needsUtf8: [sender, ...to].some((address) => /[^\x20-\x7e]/.test(address)),
    open: () =>
      messageOf(letter, options, (file) => Readable.from(contentOf(bucket, file))).createReadStream(),
  };
}

/** What a reader will find in the composed letter. Its files are not read. */
export async function outlineOf(letter: Letter, options: { isDraft: boolean }): Promise<ParsedMessage> {
  const frame = await bytesOf(messageOf(letter, options, () => "").createReadStream());
  const { found, ...parsed } = parseMessage(frame, letter.date);
  const lengths = letter.files.map(({ size }) => base64Length(size));
  const [text = [], ...files] = found.parts;
  return {
    ...parsed,
    found: {
      ...found,
      bcc: letter.bcc.map(bare),
      parts: [
        text,
        ...files.map((part, nth) => ({
          ...part,
          size: lengths[nth] ?? 0,
          storedSize: letter.files[nth]?.size ?? 0,
        })),
      ].flat(),
      size: lengths.reduce((sum, length) => sum + length, frame.length),
    },
  };
}

function messageOf(
  letter: Letter,
  { isDraft }: { isDraft: boolean },
  contentOf: (file: StoredFile) => string | Readable,
) {
  const { isHtml, replyTo } = letter;
  const text = bodyOf(letter);
  const message = new MailComposer({
    from: { ...letter.from, name: oneLine(letter.from.name, 200) },
    to: letter.to.map(bare),
    cc: letter.cc.map(bare),
    bcc: letter.bcc.map(bare),
    ...(replyTo === null ? {} : { replyTo: bare(replyTo) }),
    subject: oneLine(letter.subject, 1000),
    messageId: bracketed(letter.internetMessageId),
    date: new Date(letter.date),
    ...(letter.inReplyTo === null ? {} : { inReplyTo: bracketed(letter.inReplyTo) }),
    ...(letter.references.length === 0 ? {} : { references: letter.references.map(bracketed) }),
    headers: { "X-Xabar-Id": letter.id },
    ...(isHtml ? { html: text } : { text }),
    encoding: isMostlyAscii(text) ? "quoted-printable" : "base64",
    attachments: letter.files.map((file) => ({
      filename: fileName(file.filename),
      contentType: typeOf(file),
      contentDisposition: "attachment",
      contentTransferEncoding: "base64",
      content: contentOf(file),
    })),
    baseBoundary: letter.id,
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  message.keepBcc = isDraft;
  return message;
}

/** A letter without a text has an empty line: else its only file would take the text's place. */
const bodyOf = ({ body }: Letter): string => body.toWellFormed().replace(/\r\n?|\n/g, "\r\n") || "\r\n";

/** Quoted-printable is readable as it stands, but has three characters for each byte that is not of ASCII. */
const isMostlyAscii = (text: string): boolean =>
  (text.match(/[^\x20-\x7e\r\n]/g)?.length ?? 0) * 4 < text.length;

const bare = (address: string): Address => ({ name: "", address });
const bracketed = (id: string): string => `<${id}>`;

/**
 * A mail or a part of one could not be encoded (RFC 2046 section 5.2.1), so it goes as what it is in any case: bytes. So
 * does what is not the name of a type.
 */
const typeOf = ({ mimeType }: StoredFile): string =>
  /^(?!message\/|multipart\/)[\w.+-]+\/[\w.+-]+$/i.test(mimeType) ? mimeType : "application/octet-stream";

/** @throws MailError INVALID when the file is gone */
async function* contentOf(bucket: R2Bucket, { key, filename, size }: StoredFile): AsyncGenerator<Uint8Array> {
  const object = await bucket.get(key);
  if (object?.size !== size) {
    await object?.body.cancel();
    throw new MailError("INVALID", `The file ${filename} is gone`);
  }
  yield* inPieces(object.body);
}

/** With a line break after each line but the last. */
function base64Length(bytes: number): number {
  const characters = Math.ceil(bytes / 3) * 4;
  return characters + 2 * Math.floor(Math.max(0, characters - 1) / LINE);
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
