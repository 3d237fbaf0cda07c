import type { Schemas } from "../api.ts";
import { cidsIn, joinBody, splitBody } from "./html.ts";

/** An address with the name of who has it. */
export interface Person {
  name: string | null;
  email: string;
}

/** A file that goes with the mail: an upload, or an attachment of the mail that is forwarded. */
export interface MailFile {
  id: string;
  filename: string;
  content_type: string;
  size_bytes: number;
  /** What the HTML calls it, as `cid:…`. */
  content_id: string | null;
}

/** A mail while it is written, with what it was begun from. It can be stored as JSON. */
export interface Mail {
  kind: "new" | "reply" | "reply-all" | "forward";
  account_id: string;
  to: Person[];
  cc: Person[];
  bcc: Person[];
  subject: string;
  /** What was typed, as HTML. Images in it are `cid:…`. */
  text: string;
  /** The HTML of the original, which stands below the text. */
  quote: string;
  files: MailFile[];
  reply_to_message_id: string | null;
  /** The message that it answers or forwards. */
  original_id: string | null;
  /** The conversation that it answers, in the version that the writer has seen. */
  thread: { id: string; version: number; seen: string[] } | null;
  /** The stored draft, in the version that this mail is based on. */
  draft: { id: string; version: number } | null;
}

export const MAX_FILES = 20;
/** Of all files of a mail. */
export const MAX_BYTES = 25 * 1024 * 1024;

// As the API's src/lib/address.ts, but for quoted local parts and address literals, which people do not type.
const ADDRESS = /^[^\s\p{Cc}<>()[\],;:\\"@]+@[^\s\p{Cc}\p{P}\p{S}]+(?:[-._][^\s\p{Cc}\p{P}\p{S}]+)*\.?$/u;

/** Whether a mail could be sent there, as far as its spelling tells. */
export const isAddress = (text: string): boolean => text.length <= 320 && ADDRESS.test(text);

/** Reads a list of addresses as people type and paste it: `Ali <ali@x.uz>, b@x.uz; c@x.uz`, also on lines. */
export function readPeople(text: string): Person[] {
  const parts = text.match(/(?:"(?:[^"\\]|\\.)*"|<[^<>]*>|[^,;\n"<])+/g) ?? [];
  return parts.flatMap((part): Person[] => {
    const line = part.trim();
    if (!line) return [];
    const named = line.match(/^(.*?)\s*<\s*([^<>]*?)\s*>$/s);
    if (named?.[2]) return [{ name: named[1]?.replace(/^"(.*)"$/s, "$1").trim() || null, email: named[2] }];
    // Several addresses with blanks between them.
    const words = line.split(/\s+/);
    if (words.length > 1 && words.every(isAddress)) return words.map((email) => ({ name: null, email }));
    return [{ name: null, email: line.replace(/^mailto:/i, "") }];
  });
}

/** Adds people who are not in the list yet. */
export const addPeople = (list: Person[], more: Person[]): Person[] => {
  const known = new Set(list.map(({ email }) => email.toLowerCase()));
  return [
    ...list,
    ...more.filter(({ email }) => !known.has(email.toLowerCase()) && known.add(email.toLowerCase())),
  ];
};

export const everyone = ({ to, cc, bcc }: Mail): Person[] => [...to, ...cc, ...bcc];

const bytesOf = (files: MailFile[]): number => files.reduce((sum, { size_bytes }) => sum + size_bytes, 0);

/** Whether more files fit into a mail. */
export const fits = (files: MailFile[], more: { size: number }[]): boolean =>
  bytesOf(files) + more.reduce((sum, { size }) => sum + size, 0) <= MAX_BYTES;

/** A mail in which nothing is written. */
export const EMPTY: Mail = {
  kind: "new",
  account_id: "",
  ...{ to: [], cc: [], bcc: [], subject: "", text: "", quote: "", files: [] },
  ...{ reply_to_message_id: null, original_id: null, thread: null, draft: null },
};

/** A mail of stored content. In a conversation it answers the last message. */
export const mailOfText = (
  stored: Pick<Mail, "account_id" | "to" | "cc" | "bcc" | "subject" | "thread"> & { body_html: string },
): Mail => {
  const { account_id, to, cc, bcc, subject, thread } = stored;
  const original = thread?.seen.at(-1) ?? null;
  return {
    ...EMPTY,
    kind: original ? "reply" : "new",
    ...{ account_id, to, cc, bcc, subject, thread },
    ...splitBody(stored.body_html),
    reply_to_message_id: original,
    original_id: original,
  };
};

/** The fields of a draft, for the API. Addresses that are not valid yet are left out: it refuses them. */
export const fieldsOf = (mail: Mail): Omit<Schemas["DraftCreate"], "email_account_id"> => {
  const valid = (list: Person[]) => list.filter(({ email }) => isAddress(email));
  const body_html = joinBody(mail);
  const shown = cidsIn(body_html);
  // An image that was deleted from the text does not go along.
  const files = mail.files.filter(({ content_id }) => content_id === null || shown.has(content_id));
  return {
    to: valid(mail.to),
    cc: valid(mail.cc),
    bcc: valid(mail.bcc),
    subject: mail.subject,
    body_html,
    attachment_ids: files.map(({ id }) => id),
    reply_to_message_id: mail.reply_to_message_id,
  };
};

/** What somebody wrote in a mail, as one text: two mails with the same one are the same to their writer. */
export const contentOf = (mail: Mail): string =>
  JSON.stringify([mail.account_id, fieldsOf(mail), everyone(mail)]);

/** Whether nothing was written into a mail since it was begun. The mailbox alone is no content. */
export const isSame = (a: Mail, b: Mail): boolean =>
  contentOf({ ...a, account_id: "" }) === contentOf({ ...b, account_id: "" });
