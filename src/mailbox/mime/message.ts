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
const NOBODY: Address = { name: "", address: "" };
const DAY_MS = 24 * 3600_000;

/**
 * Parses a message. It takes any bytes, and linear time.
 * @param now what counts as received where no header says it
 */
export function parseMessage(bytes: Uint8Array, now = Date.now()) {
  const root = structureOf(bytes);
  const parts = partsOf(root);
  const body = bodyOf(parts, (part) => textOfPart(partBytes(bytes, part, root), part));
  const charset = parts.find(({ charset }) => charset !== null)?.charset ?? null;
  const field = (name: string): string => readable(headerOf(root.headers, name) ?? "", charset);
  const addresses = (name: string) => addressesOf(field(name));
  return {
    found: {
      internetMessageId: messageIdOf(field("message-id")),
      refs: refsOf(field("references"), field("in-reply-to")),
      receivedAt: receivedAt(root.headers, now),
      from: addresses("from")[0] ?? NOBODY,
      to: addresses("to"),
      cc: addresses("cc"),
      bcc: addresses("bcc"),
      replyTo: addresses("reply-to"),
      subject: oneLine(decodeWords(field("subject")), MAX_SUBJECT),
      preview: previewOf(body),
      size: bytes.length,
      parts,
    },
    headers: headersOf(bytes),
    ...body,
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
