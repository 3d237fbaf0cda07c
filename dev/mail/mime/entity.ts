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

/** Deeper parts are leaves. */
const MAX_DEPTH = 100;

const known = new WeakMap<Buffer, Entity>();

/** Reads the structure of a message. */
export function readEntity(raw: Buffer): Entity {
  const found = known.get(raw) ?? new EntityReader(raw).entity(0, [], false);
  known.set(raw, found);
  return found;
}

/** A line that ends a part: of the multipart at this depth. */
interface Boundary {
  depth: number;
  isLast: boolean;
  start: number;
  /** After its line. */
  next: number;
}

/** Reads a message once, from its start to its end. */
class EntityReader {
  readonly #raw: Buffer;
  /** What ended the part that was read last; null at the end of the message. */
  #boundary: Boundary | null = null;
  /** After the last line that closed a multipart: its line end belongs to no other boundary. */
  #closedAt = -1;

  constructor(raw: Buffer) {
    this.#raw = raw;
  }

  /** @param boundaries of the multiparts around it, the innermost last */
  entity(start: number, boundaries: string[], isInDigest: boolean): Entity {
    const body = this.#body(start, boundaries);
    const headers = readHeaders(this.#raw.toString("latin1", start, body));
    const contentType = readStructured(headerOf(headers, "content-type") ?? "");
    const [, type, subtype] = /^([^/\s]+)\/([^/\s]+)/.exec(contentType.value) ?? [];
    const isKnown = type !== undefined && subtype !== undefined;
    const [main, sub] = isKnown ? [type, subtype] : isInDigest ? ["message", "rfc822"] : ["text", "plain"];
    const isDeep = boundaries.length >= MAX_DEPTH;
    const boundary = paramOf(contentType, "boundary");
    const isMultipart = main.toLowerCase() === "multipart" && boundary !== null && !isDeep;
    const isMessage = `${main}/${sub}`.toLowerCase() === "message/rfc822" && !isDeep;
    const parts = isMultipart
      ? this.#parts(body, [...boundaries, boundary], sub.toLowerCase() === "digest")
      : [];
    // A boundary that nobody can write ends no part, but the level counts.
    const message = isMessage ? this.entity(body, [...boundaries, "\n"], false) : null;
    if (!isMultipart && !isMessage) this.#boundary = this.#find(body, boundaries);
    return {
      start,
      body,
      end: Math.max(body, this.#end()),
      headers,
      type: main,
      subtype: sub,
      contentType: isKnown ? contentType : { value: `${main}/${sub}`, params: [] },
      parts,
      message,
    };
  }

  #end(): number {
    if (!this.#boundary) return this.#raw.length;
    const { start } = this.#boundary;
    return start === this.#closedAt ? start : before(this.#raw, start);
  }

  /** Reads the parts of a multipart, and its epilogue. */
  #parts(body: number, boundaries: string[], isDigest: boolean): Entity[] {
    const parts: Entity[] = [];
    const depth = boundaries.length - 1;
    this.#boundary = this.#find(body, boundaries);
    while (this.#boundary?.depth === depth && !this.#boundary.isLast) {
      parts.push(this.entity(this.#boundary.next, boundaries, isDigest));
    }
    if (this.#boundary?.depth === depth) {
      this.#closedAt = this.#boundary.next;
      this.#boundary = this.#find(this.#boundary.next, boundaries.slice(0, -1));
    }
    return parts;
  }

  /** The next line that is a boundary: of the innermost multipart, where several have the same. */
  #find(from: number, boundaries: string[]): Boundary | null {
    const raw = this.#raw;
    if (boundaries.length === 0) return null;
    for (let at = raw.indexOf("--", from); at >= 0; at = raw.indexOf("--", at + 1)) {
      if (at > from && raw[at - 1] !== 10) {
        at = raw.indexOf("\n--", at);
        if (at < 0) return null;
        continue;
      }
      const found = this.#boundaryAt(at, boundaries);
      if (found) return found;
    }
    return null;
  }

  #boundaryAt(start: number, boundaries: string[]): Boundary | null {
    const next = this.#nextLine(start);
    const line = this.#raw.toString("latin1", start + 2, next).trimEnd();
    const plain = boundaries.lastIndexOf(line);
    const last = line.endsWith("--") ? boundaries.lastIndexOf(line.slice(0, -2)) : -1;
    if (plain < 0 && last < 0) return null;
    return { depth: Math.max(plain, last), isLast: last > plain, start, next };
  }

  /** Where the body begins: after the first blank line, at a boundary, or at the end of a header without either. */
  #body(start: number, boundaries: string[]): number {
    const raw = this.#raw;
    for (let line = start; line < raw.length; line = this.#nextLine(line)) {
      if (raw[line] === 10) return line + 1;
      if (raw[line] === 13 && raw[line + 1] === 10) return line + 2;
      const isMark = raw[line] === 45 && raw[line + 1] === 45;
      if (isMark && this.#boundaryAt(line, boundaries)) return line;
    }
    return raw.length;
  }

  #nextLine(from: number): number {
    const newline = this.#raw.indexOf(10, from);
    return newline < 0 ? this.#raw.length : newline + 1;
  }
}

/** Without the line end before this place, which belongs to the boundary. */
const before = (raw: Buffer, at: number): number => at - (raw[at - 2] === 13 ? 2 : 1);

/**
 * Finds a part by its number in IMAP (RFC 3501, 6.4.5). What has no parts is its own first part.
 * @param path such as [2, 1]; empty for the message itself
 */
export function partAt(message: Entity, path: number[]): Entity | undefined {
  const [number, ...rest] = path;
  if (number === undefined) return message;
  const isMultipart = message.type.toLowerCase() === "multipart";
  const part = isMultipart ? message.parts[number - 1] : number === 1 ? message : undefined;
  if (!part || rest.length === 0) return part;
  if (part.message) return partAt(part.message, rest);
  return isMultipart ? partAt(part, rest) : undefined;
}
