import type { Header, StoredMessage } from "./store.ts";

export const MESSAGE_FIELDS = ["standard", "include_headers", "include_basic_headers"] as const;

export type MessageFields = (typeof MESSAGE_FIELDS)[number];

const BASIC_HEADERS = ["message-id", "in-reply-to", "references"];

/** A message as Nylas writes it for `fields`; headers only where they were asked for. */
export function messageObject(message: StoredMessage, fields: MessageFields) {
  const { headers, sequence: _, ...standard } = message;
  if (fields === "include_headers") return { ...standard, headers };
  if (fields === "standard") return standard;
  return { ...standard, headers: basicHeaders(headers) };
}

/** Nylas: the headers by which mails are told apart and threaded. */
export function basicHeaders(headers: Header[]): Header[] {
  return headers.filter((header) => BASIC_HEADERS.includes(header.name.toLowerCase()));
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
