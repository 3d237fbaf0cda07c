import { oneLine } from "../../lib/line.ts";
import { addressesOf } from "./addresses.ts";
import { bodyOf, textOfPart } from "./body.ts";
import { type Header, headerOf, headersOf, readable } from "./headers.ts";
import { type Address, type Part, partsOf } from "./parts.ts";
import { previewOf } from "./preview.ts";
import { messageIdOf, refsOf } from "./references.ts";
import { type RawStructure, structureOf } from "./structure.ts";
import { decodeWords } from "./words.ts";

/** A message that was read whole. `found` is what the mirror keeps of it. */
export type ParsedMessage = ReturnType<typeof parseMessage>;

const MAX_SUBJECT = 1000;

/** What is decoded for a preview: of each text, in bytes as encoded, and how many parts are looked at. */
const PREVIEWED = 65_536;
const MAX_PREVIEWED = 20;

const NOBODY: Address = { name: "", address: "" };
const DAY_MS = 24 * 3600_000;

/** Parses a message with its body. @param now as for `parseFound` */
export function parseMessage(bytes: Uint8Array, now = Date.now()) {
  const root = structureOf(bytes);
  const parts = partsOf(root);
  const body = bodyOf(parts, (part) => textOfPart(partBytes(bytes, part, root), part));
  return { found: foundIn(bytes, root, parts, now), headers: headersOf(bytes), ...body };
}

/**
 * Parses what the mirror keeps of a message. It takes any bytes, and linear time; of long texts it decodes the beginning.
 * @param now what counts as received where no header says it
 */
export function parseFound(bytes: Uint8Array, now = Date.now()) {
  const root = structureOf(bytes);
  return foundIn(bytes, root, partsOf(root), now);
}

function foundIn(bytes: Uint8Array, root: RawStructure, parts: Part[], now: number) {
  const charset = parts.find(({ charset }) => charset && charset !== "us-ascii")?.charset ?? null;
  const field = (name: string): string => readable(headerOf(root.headers, name) ?? "", charset);
  // Some programs write a field for each recipient.
  const addresses = (name: string) =>
    addressesOf(
      root.headers
        .filter((header) => header.name.toLowerCase() === name)
        .map(({ value }) => readable(value, charset))
        .join(", "),
    );
  const beginning = bodyOf(parts.slice(0, MAX_PREVIEWED), (part) =>
    textOfPart(partBytes(bytes, part, root).subarray(0, PREVIEWED), part),
  );
  return {
    internetMessageId: messageIdOf(field("message-id")),
    refs: refsOf(field("references"), field("in-reply-to")),
    receivedAt: receivedAt(root.headers, now),
    /** As it is written; empty for none. */
    date: field("date"),
    from: addresses("from")[0] ?? NOBODY,
    to: addresses("to"),
    cc: addresses("cc"),
    bcc: addresses("bcc"),
    replyTo: addresses("reply-to"),
    subject: oneLine(decodeWords(field("subject")), MAX_SUBJECT),
    preview: previewOf(beginning),
    size: bytes.length,
    parts,
  };
}

/** The bytes of a part, still encoded; none for a part that the message does not have. */
export function partBytes(
  bytes: Uint8Array,
  { part }: Pick<Part, "part">,
  root = structureOf(bytes),
): Uint8Array {
  const node = nodeOf(root, part);
  return node ? bytes.subarray(node.start, node.end) : new Uint8Array(0);
}

/** The node of a part's number. The only part of a message without multipart is "1". */
function nodeOf(root: RawStructure, part: string): RawStructure | undefined {
  if (!root.childNodes) return part === "1" ? root : undefined;
  let node: RawStructure | undefined = root;
  for (const number of part.split(".")) node = node?.childNodes?.[Number(number) - 1];
  return node;
}

/** When the last server took the message, else when it was written. Times that cannot be true count as now. */
function receivedAt(headers: Header[], now: number): number {
  const received = headerOf(headers, "received");
  const times = [received?.slice(received.lastIndexOf(";") + 1), headerOf(headers, "date")];
  const known = times.map((time) => Date.parse(time ?? "")).filter((ms) => ms > 0 && ms <= now + DAY_MS);
  return known[0] ?? now;
}
