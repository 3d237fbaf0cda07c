import type { FetchMessageObject, FetchQueryObject, MessageStructureObject } from "imapflow";
import { type Body, bodyOf, textOfPart } from "../mime/body.ts";
import { parseFound, partBytes } from "../mime/message.ts";
import { type Address, partsOf } from "../mime/parts.ts";
import { previewOf as wordsOf } from "../mime/preview.ts";
import { structureOf } from "../mime/structure.ts";
import type { FoundPlace } from "../store/found.ts";
import { labelFlags } from "../store/labels.ts";
import { keyOf } from "./identity.ts";

/** Of a message's first part, which begins with the words that lists show, in bytes. */
const PREVIEWED = 1024;

/**
 * What is fetched of each message. Headers in place of ENVELOPE: servers take these apart in different ways, and some
 * wrongly.
 */
export const METADATA: FetchQueryObject = {
  uid: true,
  flags: true,
  labels: true,
  internalDate: true,
  size: true,
  bodyStructure: true,
  threadId: true,
  headers: [
    "date",
    "from",
    "to",
    "cc",
    "bcc",
    "reply-to",
    "subject",
    "message-id",
    "in-reply-to",
    "references",
  ],
  bodyParts: [{ key: "1", maxLength: PREVIEWED }],
};

/** The same for messages whose structure the library cannot read: it leaves out all that is said of them. */
export const WITHOUT_STRUCTURE: FetchQueryObject = { ...METADATA, bodyStructure: false, bodyParts: [] };

/** A row of SQLite has 2 MB at most: what exceeds these is left out of the mirror. */
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_ADDRESSES = 1000;
const MAX_PARTS = 1000;

/** A later time than this after now is not believed, in milliseconds. */
const DAY_MS = 24 * 3600_000;

/** @returns undefined for an answer without what was asked for */
export async function toPlace(message: FetchMessageObject): Promise<FoundPlace | undefined> {
  const { uid, flags, labels, headers, size, bodyStructure, emailId, threadId } = message;
  if (!uid || !headers || !flags) return undefined;
  const bytes = headers.subarray(0, MAX_HEADER_BYTES);
  const { date, ...found } = parseFound(bytes);
  const receivedAt = timeOf(message.internalDate) ?? found.receivedAt;
  const key = await keyOf({
    emailId,
    internetMessageId: found.internetMessageId,
    date,
    from: found.from.address,
    size: size ?? 0,
  });
  return {
    uid,
    ...flagsOf(flags, labels),
    message: {
      ...found,
      key,
      threadId,
      receivedAt,
      to: some(found.to),
      cc: some(found.cc),
      bcc: some(found.bcc),
      replyTo: some(found.replyTo),
      preview: previewOf(message),
      size: size ?? 0,
      parts: bodyStructure ? partsOf(bodyStructure).slice(0, MAX_PARTS) : [],
    },
  };
}

/**
 * The first words of a message, from the beginning of its first part. That may be a multipart, whose parts are in it.
 * @returns null if they cannot be known yet
 */
function previewOf({ bodyParts, bodyStructure }: FetchMessageObject): string | null {
  const bytes = bodyParts?.get("1");
  const first = bodyStructure?.childNodes?.[0] ?? bodyStructure;
  if (!bytes || !first) return null;
  const isMultipart = first.type.startsWith("multipart/");
  const body = isMultipart
    ? bodyWithin(first, bytes)
    : bodyOf(partsOf(first), (part) => textOfPart(bytes, part));
  return wordsOf(body) || (bytes.length < PREVIEWED ? "" : null);
}

/** The texts at the beginning of a multipart. */
function bodyWithin({ type, parameters }: MessageStructureObject, beginning: Uint8Array): Body {
  const boundary = (parameters?.boundary ?? "").replace(/["\\\r\n]/g, "");
  const head = new TextEncoder().encode(`Content-Type: ${type}; boundary="${boundary}"\r\n\r\n`);
  const bytes = new Uint8Array(head.length + beginning.length);
  bytes.set(head);
  bytes.set(beginning, head.length);
  const root = structureOf(bytes);
  return bodyOf(partsOf(root), (part) => textOfPart(partBytes(bytes, part, root), part));
}

/** A message's flags as the mirror keeps them. @param labels of Gmail */
export function flagsOf(
  flags: Iterable<string>,
  labels?: Iterable<string>,
): { isRead: boolean; flags: string[] } {
  const all = [...flags, ...labelFlags(labels)];
  const isSeen = (flag: string) => flag.toLowerCase() === "\\seen";
  return { isRead: all.some(isSeen), flags: all.filter((flag) => !isSeen(flag)) };
}

const some = (addresses: Address[]): Address[] => addresses.slice(0, MAX_ADDRESSES);

function timeOf(date: Date | string | undefined): number | undefined {
  const ms = date === undefined ? Number.NaN : new Date(date).getTime();
  return ms > 0 && ms <= Date.now() + DAY_MS ? ms : undefined;
}
