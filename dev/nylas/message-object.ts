import { rawMime } from "./mime.ts";
import type { Bytes, Header, StoredMessage } from "./store.ts";

export const MESSAGE_FIELDS = [
  "standard",
  "include_headers",
  "include_basic_headers",
  "include_tracking_options",
  "raw_mime",
] as const;

export type MessageFields = (typeof MESSAGE_FIELDS)[number];

const BASIC_HEADERS = ["message-id", "in-reply-to", "references"];

/** A message as Nylas writes it for `fields`; headers only where they were asked for. */
export function messageObject(message: StoredMessage, fields: Exclude<MessageFields, "raw_mime">) {
  const { headers, tracking_options, sequence: _, ...standard } = message;
  if (fields === "include_headers") return { ...standard, headers };
  if (fields === "include_tracking_options") return { ...standard, tracking_options: tracking_options ?? {} };
  if (fields === "standard") return standard;
  return { ...standard, headers: basicHeaders(headers) };
}

/** Nylas: the headers by which mails are told apart and threaded. */
export function basicHeaders(headers: Header[]): Header[] {
  return headers.filter((header) => BASIC_HEADERS.includes(header.name.toLowerCase()));
}

/** Nylas: with `fields=raw_mime` a message has these four fields and no other. */
export function rawMessageObject(message: StoredMessage, contents: Map<string, Bytes>) {
  const { id, grant_id, object } = message;
  return { grant_id, object, id, raw_mime: Buffer.from(rawMime(message, contents)).toString("base64url") };
}

/** The first words of a body, without markup; undefined when there are none. */
export function snippetOf(body: string): string | undefined {
  return textOf(body).slice(0, 200) || undefined;
}

/** A body on one line, without markup. */
export function textOf(body: string): string {
  return body
    .replace(/<(style|script)[\s\S]*?<\/\1>/gi, " ")
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&nbsp;", " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ")
    .trim();
}
