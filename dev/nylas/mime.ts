import type { Address } from "./mail.ts";
import type { Bytes, Header, StoredAttachment, StoredMessage } from "./store.ts";

const BOUNDARY = "----=_nylas_stand_in";

/** A header value that has to be ASCII on the wire, as an RFC 2047 encoded word where it is not. */
export function encodedWord(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`;
}

/** Addresses as a header value, `"Name" <address>` or the bare address. */
export function addressHeader(addresses: Address[]): string {
  const written = addresses.map(({ email, name }) =>
    name ? `${/[^\x20-\x7e]/.test(name) ? encodedWord(name) : JSON.stringify(name)} <${email}>` : email,
  );
  return written.join(", ");
}

/** The whole message as MIME: its headers, the body as HTML, the attachments. */
export function rawMime(message: StoredMessage, contents: Map<string, Bytes>): string {
  const body: Header[] = [
    { name: "Content-Type", value: 'text/html; charset="utf-8"' },
    { name: "Content-Transfer-Encoding", value: "base64" },
  ];
  const parts = [part(body, Buffer.from(message.body))];
  for (const attachment of message.attachments) {
    parts.push(part(attachmentHeaders(attachment), contents.get(attachment.id) ?? new Uint8Array()));
  }
  const head: Header[] = [
    ...message.headers,
    { name: "MIME-Version", value: "1.0" },
    { name: "Content-Type", value: `multipart/mixed; boundary="${BOUNDARY}"` },
  ];
  const delimited = parts.map((text) => `--${BOUNDARY}\r\n${text}\r\n`).join("");
  return `${headerLines(head)}\r\n${delimited}--${BOUNDARY}--\r\n`;
}

function attachmentHeaders(attachment: StoredAttachment): Header[] {
  const filename = encodedWord(attachment.filename);
  const disposition = attachment.is_inline ? "inline" : "attachment";
  return [
    { name: "Content-Type", value: attachment.content_type },
    { name: "Content-Transfer-Encoding", value: "base64" },
    { name: "Content-Disposition", value: `${disposition}; filename=${JSON.stringify(filename)}` },
    ...(attachment.content_id === undefined
      ? []
      : [{ name: "Content-ID", value: `<${attachment.content_id}>` }]),
  ];
}

function part(headers: Header[], content: Uint8Array): string {
  const base64 = Buffer.from(content).toString("base64");
  return `${headerLines(headers)}\r\n${base64.replace(/.{76}/g, "$&\r\n")}`;
}

function headerLines(headers: Header[]): string {
  return headers.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
}
