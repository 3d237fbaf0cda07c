import type { Header, StoredMessage } from "./store.ts";

export const MESSAGE_FIELDS = ["standard", "include_headers", "include_basic_headers"] as const;

export type MessageFields = (typeof MESSAGE_FIELDS)[number];

const BASIC_HEADERS = ["message-id", "in-reply-to", "references"];

/** The JSON of a message for a value of `fields`. */
export function messageObject(message: StoredMessage, fields: MessageFields) {
  const { headers, sequence: _, ...standard } = message;
  if (fields === "include_headers") return { ...standard, headers };
  if (fields === "standard") return standard;
  return { ...standard, headers: basicHeaders(headers) };
}

/** Nylas: the headers that identify and thread a message. */
export function basicHeaders(headers: Header[]): Header[] {
  return headers.filter((header) => BASIC_HEADERS.includes(header.name.toLowerCase()));
}

/** The first 200 characters of a body without markup; undefined for an empty body. */
export function snippetOf(body: string): string | undefined {
  return textOf(body).slice(0, 200) || undefined;
}

/** A body as one line of text, without markup. */
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
