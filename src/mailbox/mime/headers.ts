import { decodeUnlabelled, latin1 } from "./decode.ts";

export interface Header {
  /** As it came. */
  name: string;
  /** Unfolded, a character for each byte: see `readable`. */
  value: string;
}

const CR = 13;
const LF = 10;

/** A field's name: printable ASCII but a colon (RFC 5322 section 2.2). Some programs put blanks before the colon. */
const FIELD = /^([!-9;-~]+)[ \t]*:/;
const MAX_NAME = 200;

/** Fields behind these limits are not read: no letter has them. */
const MAX_FIELDS = 10_000;
const MAX_HEADER = 1 << 20;

/**
 * Reads the fields at the beginning of a message or part, in time linear to their length.
 * @param options.isEnd true for a line that ends them without an empty line: a boundary
 * @param options.isWanted true for a line that begins a field to be read; by default all are
 * @returns the fields, and where the body begins
 */
export function readHeaders(
  bytes: Uint8Array,
  from: number,
  {
    isEnd = () => false,
    isWanted = () => true,
  }: { isEnd?: (line: number, end: number) => boolean; isWanted?: (line: number) => boolean } = {},
): { headers: Header[]; body: number } {
  const fields: { name: string; lines: string[] }[] = [];
  const done = (body: number) => ({
    headers: fields.map(({ name, lines }) => ({ name, value: lines.join("").trim() })),
    body,
  });
  /** Lines of the field that is being read; null if it is not wanted. */
  let lines: string[] | null = null;
  for (let at = from; at < bytes.length; ) {
    const { end, next } = lineAt(bytes, at);
    if (end === at) return done(next);
    if (isEnd(at, end)) return done(at);
    const isRead = fields.length < MAX_FIELDS && at - from < MAX_HEADER;
    if (isBlank(bytes[at])) {
      if (isRead) lines?.push(latin1(bytes.subarray(at, end)));
    } else {
      // Longer names are none; and in what is not read only the name is looked at.
      const start = latin1(bytes.subarray(at, Math.min(end, at + MAX_NAME)));
      const [field, name] = FIELD.exec(start) ?? [];
      // Lines of mailbox files, which some systems leave in, are passed over.
      if (field === undefined && !/^>?From /.test(start)) return done(at);
      lines = null;
      if (field !== undefined && name !== undefined && isRead && isWanted(at)) {
        lines = [latin1(bytes.subarray(at + field.length, end))];
        fields.push({ name, lines });
      }
    }
    at = next;
  }
  return done(bytes.length);
}

const isBlank = (byte: number | undefined): boolean => byte === 32 || byte === 9;

/** A line: where it ends without its CRLF or LF, and where the next one begins. */
export function lineAt(bytes: Uint8Array, from: number): { end: number; next: number } {
  const lf = bytes.indexOf(LF, from);
  if (lf < 0) return { end: bytes.length, next: bytes.length };
  return { end: lf > from && bytes[lf - 1] === CR ? lf - 1 : lf, next: lf + 1 };
}

/** The first field of a name. */
export const headerOf = (headers: Header[], name: string): string | undefined =>
  headers.find((header) => header.name.toLowerCase() === name)?.value;

/**
 * A field's text. Bytes above ASCII are no part of the standard without RFC 6532, but are sent.
 * @param charset of the message's text, which such a sender uses here, too
 */
export function readable(value: string, charset: string | null = null): string {
  if (!/[\x80-\xff]/.test(value)) return value;
  const bytes = Uint8Array.from(value, (character) => character.charCodeAt(0));
  return decodeUnlabelled(bytes, charset ?? undefined);
}

/**
 * The fields by name as it first came, repeated ones joined by newlines. Encoded words stay as they are, since a reader of
 * headers wants what was sent.
 * @param bytes of the header alone, or of the whole message
 */
export function headersOf(bytes: Uint8Array): Record<string, string> {
  const byName = new Map<string, { name: string; values: string[] }>();
  for (const { name, value } of readHeaders(bytes, 0).headers) {
    const known = byName.get(name.toLowerCase());
    if (known) known.values.push(readable(value));
    else byName.set(name.toLowerCase(), { name, values: [readable(value)] });
  }
  return Object.fromEntries([...byName.values()].map(({ name, values }) => [name, values.join("\n")]));
}
