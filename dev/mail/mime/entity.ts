import { type Header, headerOf, paramOf, readHeaders, readStructured, type Structured } from "./headers.ts";

/** A message or a part of one: where it stands in the bytes, and what is in it. */
export interface Entity {
  start: number;
  /** After the blank line. */
  body: number;
  end: number;
  headers: Header[];
  /** Such as text and plain, as it stands. */
  type: string;
  subtype: string;
  contentType: Structured;
  /** Parts of a multipart; of a message/rfc822 none, but see `message`. */
  parts: Entity[];
  message: Entity | null;
}

/** Deeper parts are leaves: each level reads its bytes once more. */
const MAX_DEPTH = 100;

const known = new WeakMap<Buffer, Entity>();

/** Reads the structure of a message. */
export function readEntity(raw: Buffer): Entity {
  const found = known.get(raw) ?? entityOf(raw, 0, raw.length, { depth: 0, isInDigest: false });
  known.set(raw, found);
  return found;
}

function entityOf(
  raw: Buffer,
  start: number,
  end: number,
  { depth, isInDigest }: { depth: number; isInDigest: boolean },
): Entity {
  const body = bodyOf(raw, start, end);
  const headers = readHeaders(raw.toString("latin1", start, body));
  const header = headerOf(headers, "content-type");
  const contentType = readStructured(header ?? "");
  const [, type, subtype] = /^([^/\s]+)\/([^/\s]+)/.exec(contentType.value) ?? [];
  const isKnown = type !== undefined && subtype !== undefined;
  const [main, sub] = isKnown ? [type, subtype] : isInDigest ? ["message", "rfc822"] : ["text", "plain"];
  const entity: Entity = {
    start,
    body,
    end,
    headers,
    type: main,
    subtype: sub,
    contentType: isKnown ? contentType : { value: `${main}/${sub}`, params: [] },
    parts: [],
    message: null,
  };
  if (depth >= MAX_DEPTH) return entity;
  const boundary = paramOf(contentType, "boundary");
  if (main.toLowerCase() === "multipart" && boundary) {
    const isDigest = sub.toLowerCase() === "digest";
    entity.parts = rangesOf(raw, boundary, body, end).map(([from, to]) =>
      entityOf(raw, from, to, { depth: depth + 1, isInDigest: isDigest }),
    );
  }
  if (`${main}/${sub}`.toLowerCase() === "message/rfc822") {
    entity.message = entityOf(raw, body, end, { depth: depth + 1, isInDigest: false });
  }
  return entity;
}

/** Where the body begins: after the first blank line, or at the end of a header without one. */
function bodyOf(raw: Buffer, start: number, end: number): number {
  for (let line = start; line < end; ) {
    const next = raw.indexOf(10, line) + 1;
    if (next === 0 || next > end) return end;
    if (next - line === 1 || (next - line === 2 && raw[line] === 13)) return next;
    line = next;
  }
  return end;
}

/** The parts of a multipart. The line end before a boundary belongs to the boundary. */
function rangesOf(raw: Buffer, boundary: string, start: number, end: number): [number, number][] {
  const mark = Buffer.from(`--${boundary}`, "latin1");
  const ranges: [number, number][] = [];
  let from: number | null = null;
  for (let at = raw.indexOf(mark, start); at >= 0 && at < end; at = raw.indexOf(mark, at + 1)) {
    if (at > start && raw[at - 1] !== 10) continue;
    const newline = raw.indexOf(10, at);
    const lineEnd = newline < 0 || newline >= end ? end : newline + 1;
    const rest = raw.toString("latin1", at + mark.length, lineEnd);
    if (!/^(--)?\s*$/.test(rest)) continue;
    if (from !== null) ranges.push([from, Math.max(from, before(raw, at))]);
    from = lineEnd;
    if (rest.startsWith("--")) return ranges;
  }
  if (from !== null) ranges.push([from, end]);
  return ranges;
}

/** Without the line end before this place. */
const before = (raw: Buffer, at: number): number => at - (raw[at - 2] === 13 ? 2 : 1);

/**
 * Finds a part by its number in IMAP (RFC 3501, 6.4.5).
 * @param path such as [2, 1]; empty for the message itself
 */
export function partAt(message: Entity, path: number[]): Entity | undefined {
  const [number, ...rest] = path;
  if (number === undefined) return message;
  const parts = message.parts.length > 0 ? message.parts : [message];
  const part = parts[number - 1];
  if (!part || rest.length === 0) return part;
  if (part.message) return partAt(part.message, rest);
  return part.parts.length > 0 ? partAt(part, rest) : undefined;
}
