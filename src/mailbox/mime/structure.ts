import { latin1 } from "./decode.ts";
import { type Header, headerOf, lineAt, readable, readHeaders } from "./headers.ts";
import { parseStructured } from "./parameters.ts";
import { MAX_DEPTH, MAX_PARTS, type Structure } from "./parts.ts";
import { decodeWords } from "./words.ts";

/** A node of a message's tree, and where it is in the message's bytes. */
export interface RawStructure extends Structure {
  headers: Header[];
  /** Of the body, without the header and the line end before a boundary. */
  start: number;
  end: number;
  childNodes?: RawStructure[];
}

/** A multipart whose closing boundary has not come. */
interface Open {
  node: RawStructure & { childNodes: RawStructure[] };
  boundary: string;
}

/** A longer line is no boundary: RFC 2046 section 5.1.1 allows 70 characters. */
const MAX_BOUNDARY = 998;

const DASH = 45;
const LETTER_C = 99;

/**
 * Parses a message's tree of parts, as a server does for BODYSTRUCTURE. Every line is looked at once, however deep the
 * tree. A multipart without parts becomes a text, so that what it has is shown.
 */
export function structureOf(bytes: Uint8Array): RawStructure {
  const open: Open[] = [];
  /** All boundaries so far: most other lines with dashes are told apart by it alone. */
  const seen = new Set<string>();
  let count = 0;
  let leaf: RawStructure | undefined;

  /** The multipart that a line is a boundary of. */
  const boundaryAt = (from: number, end: number): { level: number; isClosing: boolean } | undefined => {
    const isCandidate = open.length > 0 && bytes[from] === DASH && bytes[from + 1] === DASH;
    if (!isCandidate || end - from > MAX_BOUNDARY) return undefined;
    const line = latin1(bytes.subarray(from + 2, end)).trimEnd();
    const levelOf = (text: string) =>
      seen.has(text) ? open.findLastIndex(({ boundary }) => boundary === text) : -1;
    const level = levelOf(line);
    if (level >= 0) return { level, isClosing: false };
    const closed = line.endsWith("--") ? levelOf(line.slice(0, -2)) : -1;
    return closed < 0 ? undefined : { level: closed, isClosing: true };
  };

  const isBoundary = (at: number): boolean => boundaryAt(at, lineAt(bytes, at).end) !== undefined;

  const begin = (from: number, part: string | undefined, defaultType: string): [RawStructure, number] => {
    const { headers, body } = readHeaders(bytes, from, {
      isEnd: (at, end) => boundaryAt(at, end) !== undefined,
      // Of a part only Content-Type and its like are looked at.
      isWanted: (at) => part === undefined || (bytes[at]! | 0x20) === LETTER_C,
    });
    const node = nodeOf(headers, part, defaultType, body, bytes.length);
    const boundary = node.parameters?.boundary?.trimEnd();
    count++;
    const isMultipart = node.type.startsWith("multipart/");
    if (isMultipart && !boundary) node.type = "text/plain";
    if (isMultipart && boundary && open.length < MAX_DEPTH) {
      open.push({ node: Object.assign(node, { childNodes: [] }), boundary });
      seen.add(boundary);
      leaf = undefined;
    } else leaf = node;
    return [node, body];
  };

  const [root, body] = begin(0, undefined, "text/plain");
  for (let at = body; at < bytes.length && open.length > 0; ) {
    const { end, next } = lineAt(bytes, at);
    const found = boundaryAt(at, end);
    if (!found) {
      at = next;
      continue;
    }
    const bodyEnd = endBefore(bytes, at);
    if (leaf) leaf.end = Math.max(leaf.start, bodyEnd);
    leaf = undefined;
    for (const { node } of open.splice(found.level + 1)) node.end = Math.max(node.start, bodyEnd);
    const parent = open[found.level]!.node;
    if (found.isClosing) {
      open.pop();
      at = next;
    } else if (count >= MAX_PARTS || isBoundary(next)) {
      at = next;
    } else {
      const number = [parent.part, parent.childNodes.length + 1].filter(Boolean).join(".");
      const isDigest = parent.type === "multipart/digest";
      const [child, childBody] = begin(next, number, isDigest ? "message/rfc822" : "text/plain");
      parent.childNodes.push(child);
      at = childBody;
    }
  }
  return settled(root, bytes);
}

/** Where the text before a boundary ends: the line end belongs to the boundary. */
function endBefore(bytes: Uint8Array, at: number): number {
  if (bytes[at - 1] !== 10) return at;
  return bytes[at - 2] === 13 ? at - 2 : at - 1;
}

function nodeOf(
  headers: Header[],
  part: string | undefined,
  defaultType: string,
  start: number,
  end: number,
): RawStructure {
  const { value, parameters } = parseStructured(headerOf(headers, "content-type") ?? defaultType);
  const disposition = parseStructured(headerOf(headers, "content-disposition") ?? "");
  const isType = /^[^\s/]+\/[^\s/]+$/.test(value);
  return {
    part,
    type: isType ? value : "text/plain",
    parameters,
    id: headerOf(headers, "content-id"),
    encoding: parseStructured(headerOf(headers, "content-transfer-encoding") ?? "7bit").value,
    disposition: disposition.value || undefined,
    dispositionParameters: disposition.parameters,
    headers,
    start,
    end,
  };
}

/** Fills in what is known at the end: sizes, subjects of embedded messages, and multiparts that have no parts. */
function settled(node: RawStructure, bytes: Uint8Array): RawStructure {
  for (const child of node.childNodes ?? []) settled(child, bytes);
  node.size = node.end - node.start;
  if (node.childNodes?.length === 0) {
    delete node.childNodes;
    node.type = "text/plain";
  }
  if (node.type === "message/rfc822" && node.encoding !== "base64") {
    const subject = headerOf(readHeaders(bytes.subarray(0, node.end), node.start).headers, "subject");
    node.envelope = { subject: subject === undefined ? undefined : decodeWords(readable(subject)) };
  }
  return node;
}
