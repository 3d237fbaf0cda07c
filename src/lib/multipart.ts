import { invalid, ServiceError } from "./errors.ts";

/** One part of a form. Read its body completely, or not at all, before the next part. */
export interface Part {
  name: string;
  /** As sent: may have a path, or be empty. Null for a field that is not a file. */
  filename: string | null;
  /** By name in lower case. */
  headers: Map<string, string>;
  body: AsyncGenerator<Uint8Array, void>;
}

const MAX_HEADER_BYTES = 8 * 1024;
const CRLF = Uint8Array.of(13, 10);

/** True for the content type `multipart/form-data`. */
export const isMultipart = (contentType: string): boolean =>
  /^([^;]*)/.exec(contentType)?.[0].trim().toLowerCase() === "multipart/form-data";

/**
 * Reads the boundary of a content type, quoted or not (RFC 2046 section 5.1.1).
 * @throws ServiceError invalid unless it is multipart/form-data with a boundary of 1 to 70 printable characters
 */
export function boundaryOf(contentType: string): string {
  if (!isMultipart(contentType)) throw invalid("content-type: must be multipart/form-data");
  const boundary = parametersOf(contentType.replace(/^[^;]*/, ""))?.get("boundary");
  if (!boundary) throw invalid("content-type: names no boundary");
  if (!/^[\x20-\x7e]{1,70}$/.test(boundary)) throw invalid("content-type: its boundary is not valid");
  return boundary;
}

/**
 * Parses a form (RFC 7578) part by part, in linear time. Reads from the stream on demand, and holds at most one chunk,
 * a boundary, and 8 KB of headers. The stream is cancelled at the end, also after an error.
 * @param maxBytes limit of the whole stream
 * @throws ServiceError invalid when the form is malformed or truncated; too_large above `maxBytes`
 */
export async function* parseMultipart(
  stream: ReadableStream<Uint8Array>,
  boundary: string,
  maxBytes: number,
): AsyncGenerator<Part, void> {
  const reader = stream.getReader();
  const read = capped(reader, maxBytes);
  const until = splitter(read);
  const delimiter = new TextEncoder().encode(`\r\n--${boundary}`);
  try {
    await drain(until(delimiter));
    while (!isLast(await readLine(until, MAX_HEADER_BYTES))) {
      const headers = await readHeaders(until);
      const body = until(delimiter);
      yield { ...dispositionOf(headers), headers, body };
      await drain(body);
    }
    while (await read()); // the epilogue
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/**
 * Reads a field as UTF-8 text.
 * @throws ServiceError invalid above `maxBytes`
 */
export async function readField({ name, body }: Part, maxBytes: number): Promise<string> {
  return decode(await collect(body, maxBytes, `${name}: is longer than ${maxBytes} bytes`));
}

type Read = () => Promise<Uint8Array | null>;
type Until = (delimiter: Uint8Array) => AsyncGenerator<Uint8Array, void>;

/** Returns the stream's chunks one by one, then null. */
function capped(reader: ReadableStreamDefaultReader<Uint8Array>, maxBytes: number): Read {
  let length = 0;
  return async () => {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new ServiceError("invalid", "body: broke off", { cause });
    });
    if (done) return null;
    length += value.byteLength;
    if (length > maxBytes) throw new ServiceError("too_large", `body: is larger than ${maxBytes} bytes`);
    return value;
  };
}

/**
 * Splits a stream: each call yields the bytes up to the next delimiter. A line break is added at either end of the
 * stream: the first boundary has none before it, and the last may have none after it.
 */
function splitter(read: Read): Until {
  let rest: Uint8Array = CRLF;
  let isOver = false;
  const readOn = async (): Promise<Uint8Array> => {
    const chunk = await read();
    if (chunk) return chunk;
    if (isOver) throw invalid("body: ends before its last boundary");
    isOver = true;
    return CRLF;
  };
  return async function* (delimiter) {
    for (;;) {
      const { at, isWhole } = find(rest, delimiter);
      const piece = rest.subarray(0, at);
      rest = rest.subarray(isWhole ? at + delimiter.length : at);
      if (piece.length > 0) yield piece;
      if (isWhole) return;
      rest = join([rest, await readOn()]);
    }
  };
}

/**
 * Finds a delimiter, or a prefix of it at the end of the bytes. A delimiter has a CR only at its start, so a match
 * cannot begin inside a partial match. No byte is read more than twice.
 * @returns the index, or the length without a match; `isWhole` is true for a complete delimiter
 */
function find(bytes: Uint8Array, delimiter: Uint8Array): { at: number; isWhole: boolean } {
  for (let at = bytes.indexOf(13); at >= 0; ) {
    let matched = 1;
    while (matched < delimiter.length && bytes[at + matched] === delimiter[matched]) matched++;
    if (matched === delimiter.length) return { at, isWhole: true };
    if (at + matched === bytes.length) return { at, isWhole: false };
    at = bytes.indexOf(13, at + matched);
  }
  return { at: bytes.length, isWhole: false };
}

/** Reads the rest of a boundary's line. @returns true for `--`, which marks the last boundary */
function isLast(line: string): boolean {
  const text = line.trimEnd();
  if (text !== "" && text !== "--") throw invalid("body: a boundary has other text on its line");
  return text === "--";
}

async function readHeaders(until: Until): Promise<Map<string, string>> {
  const headers = new Map<string, string>();
  let left = MAX_HEADER_BYTES;
  for (;;) {
    const line = await readLine(until, left);
    if (line === "") return headers;
    left -= line.length + CRLF.length;
    const [, name, value = ""] = /^([^\s:]+):(.*)$/s.exec(line) ?? [];
    if (name === undefined) throw invalid("body: a part has a malformed header");
    headers.set(name.toLowerCase(), value.trim());
  }
}

const readLine = async (until: Until, maxBytes: number): Promise<string> =>
  decode(await collect(until(CRLF), maxBytes, "body: the headers of a part are larger than 8 KB"));

function dispositionOf(headers: Map<string, string>): Pick<Part, "name" | "filename"> {
  const [, rest] = /^form-data\s*(;.*)?$/is.exec(headers.get("content-disposition") ?? "") ?? [];
  const parameters = parametersOf(rest ?? "");
  if (!parameters || rest === undefined) throw invalid("body: a part has no valid Content-Disposition");
  const name = unescapeName(parameters.get("name") ?? "");
  const plain = parameters.get("filename");
  return {
    name,
    filename: extended(parameters.get("filename*")) ?? (plain === undefined ? null : unescapeName(plain)),
  };
}

/** @returns null when the text is not `; name=value; name="value"…` */
function parametersOf(text: string): Map<string, string> | null {
  const parameter = /\s*;\s*(?:([^\s=;"]+)\s*=\s*(?:"((?:\\"|[^"])*)"|([^\s;"]*))|(?=;|$))/y;
  const parameters = new Map<string, string>();
  const { length } = text.trimEnd();
  for (let at = 0; at < length; at = parameter.lastIndex) {
    const match = parameter.exec(text);
    if (!match) return null;
    const [, name, quoted, bare = ""] = match;
    // Only quotes and backslashes are unescaped: some browsers send a Windows path as it is.
    if (name !== undefined) parameters.set(name.toLowerCase(), quoted?.replace(/\\(["\\])/g, "$1") ?? bare);
  }
  return parameters;
}

/** Unescapes only the three characters that the HTML standard escapes in a name. Any other "%" is literal. */
const unescapeName = (text: string): string => text.replace(/%(22|0D|0A)/gi, decodeURIComponent);

/** Decodes an extended value (RFC 5987 section 3.2). @returns null without one in UTF-8 */
function extended(value: string | undefined): string | null {
  const [, encoded] = /^utf-8'[^']*'(.*)$/is.exec(value ?? "") ?? [];
  try {
    return encoded === undefined ? null : decodeURIComponent(encoded);
  } catch {
    return null;
  }
}

async function drain(chunks: AsyncGenerator<Uint8Array, void>): Promise<void> {
  while (!(await chunks.next()).done);
}

async function collect(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  tooLong: string,
): Promise<Uint8Array> {
  const collected: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > maxBytes) throw invalid(tooLong);
    collected.push(chunk);
  }
  return join(collected);
}

function join(chunks: Uint8Array[]): Uint8Array {
  const filled = chunks.filter(({ length }) => length > 0);
  if (filled.length <= 1) return filled[0] ?? new Uint8Array();
  const bytes = new Uint8Array(filled.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of filled) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
