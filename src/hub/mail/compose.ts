import { toBase64 } from "../../lib/base64.ts";
import { escapeAttribute, escapeText } from "../../lib/html/references.ts";
import { oneLine } from "../../lib/line.ts";
import type { Language } from "../context.ts";
import type { MailText } from "./texts.ts";

const encoder = new TextEncoder();

/** A mail to compose. */
export interface Letter {
  /** Of its row: the Message-ID follows from it, so that a mail that is sent twice can be recognised. */
  id: string;
  /** `Name <address>`, or an address alone. */
  from: string;
  to: string;
  language: Language;
  text: MailText;
  /** The code, or the URL. */
  value: string;
  /** In milliseconds since the epoch. */
  date: number;
}

/** A mail that is ready to be sent. */
export interface Composed {
  /** Of the envelope. */
  from: string;
  to: string;
  /** RFC 5322, in ASCII, with lines that end in CRLF. */
  raw: string;
}

/** Composes a mail of plain text and HTML. The same letter gives the same bytes. */
export function compose({ id, from, to, language, text, value, date }: Letter): Composed {
  const sender = senderOf(from);
  // Base64 has no underscore, so that no body can hold the boundary.
  const boundary = `=_${id}`;
  const plain = `${text.before}\n\n${value}\n\n${text.after}\n`.replaceAll("\n", "\r\n");
  const lines = [
    `From: ${sender.header}`,
    `To: <${to}>`,
    `Subject: ${encodeWords(text.subject, "Subject: ".length)}`,
    `Date: ${new Date(date).toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${id}@${sender.address.slice(sender.address.lastIndexOf("@") + 1)}>`,
    "MIME-Version: 1.0",
    "Auto-Submitted: auto-generated",
    `Content-Language: ${language}`,
    "Content-Type: multipart/alternative;",
    ` boundary="${boundary}"`,
    "",
    ...partOf(boundary, "text/plain", plain),
    ...partOf(boundary, "text/html", toHtml(language, text, value)),
    `--${boundary}--`,
    "",
  ];
  return { from: sender.address, to, raw: lines.join("\r\n") };
}

const partOf = (boundary: string, type: string, content: string): string[] => [
  `--${boundary}`,
  `Content-Type: ${type}; charset=utf-8`,
  "Content-Transfer-Encoding: base64",
  "",
  ...(toBase64(encoder.encode(content)).match(/.{1,76}/g) ?? []),
];

function toHtml(language: Language, { subject, before, after }: MailText, value: string): string {
  const shown = /^https?:/i.test(value)
    ? `<a href="${escapeAttribute(value.replaceAll("&", "&amp;"))}">${escapeText(value)}</a>`
    : `<strong style="font-size:24px;letter-spacing:4px">${escapeText(value)}</strong>`;
  return [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${escapeText(subject)}</title></head>`,
    '<body style="font-family:sans-serif;font-size:16px">',
    `<p>${escapeText(before)}</p><p>${shown}</p><p>${escapeText(after)}</p>`,
    "</body></html>",
  ].join("\r\n");
}

/** @param from of the configuration. @returns the address of the envelope, and the header's value */
function senderOf(from: string): { address: string; header: string } {
  const line = oneLine(from, 500);
  const [, name = "", address = line] = /^(.*?)\s*<([^<>]+)>$/.exec(line) ?? [];
  const bare = name.replace(/^"(.*)"$/, "$1");
  return { address, header: bare ? `${toPhrase(bare)}\r\n <${address}>` : `<${address}>` };
}

const toPhrase = (name: string): string =>
  isAscii(name) ? `"${name.replace(/["\\]/g, "\\$&")}"` : encodeWords(name, "From: ".length);

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** Of a line with an encoded word, in characters: RFC 2047 section 2. */
const LINE = 76;
/** Of an encoded word, around its base64. */
const FRAME = "=?utf-8?B??=".length;

/** Encodes a header's text, if it is not ASCII. No character is split between words. @param used characters before it */
function encodeWords(text: string, used: number): string {
  if (isAscii(text)) return text;
  const words = [""];
  for (const character of text) {
    const room = Math.floor((LINE - FRAME - (words.length === 1 ? used : 1)) / 4) * 3;
    const word = words[words.length - 1] + character;
    if (encoder.encode(word).byteLength <= room) words[words.length - 1] = word;
    else words.push(character);
  }
  return words.map((word) => `=?utf-8?B?${toBase64(encoder.encode(word))}?=`).join("\r\n ");
}
