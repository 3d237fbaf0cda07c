import { invalid, ServiceError } from "./errors.ts";

/** One part of a form: its body has to be read whole, or not at all, before the next part is asked for. */
export interface Part {
  name: string;
  /** Null for a field that is not a file. As it was sent: it may hold a path, or nothing. */
  filename: string | null;
  /** By name in lower case. */
  headers: Map<string, string>;
  body: AsyncGenerator<Uint8Array, void>;
}

const MAX_HEADER_BYTES = 8 * 1024;
const CRLF = Uint8Array.of(13, 10);

/** Whether a content-type is that of a form with files. */
export const isMultipart = (contentType: string): boolean =>
  /^([^;]*)/.exec(contentType)?.[0].trim().toLowerCase() === "multipart/form-data";

/**
 * The boundary that a content-type names, quoted or not (RFC 2046 section 5.1.1).
 * @throws ServiceError `invalid` when it is not multipart/form-data, or names no boundary of 1 to 70 printable characters
 */
export function boundaryOf(contentType: string): string {
  if (!isMultipart(contentType)) throw invalid("content-type: must be multipart/form-data");
  const boundary = parametersOf(contentType.replace(/^[^;]*/, ""))?.get("boundary");
  if (!boundary) throw invalid("content-type: names no boundary");
  if (!/^[\x20-\x7e]{1,70}$/.test(boundary)) throw invalid("content-type: its boundary is not valid");
  return boundary;
}

/**
 * Reads a form (RFC 7578) part by part, in time linear in its length. Bytes are taken from the stream only as they
 * are asked for; never more is held than one chunk of it, a boundary, and 8 KB of headers. However it ends, the
 * stream is done with.
 * @param maxBytes of the whole stream
 * @throws ServiceError `invalid` when it is malformed or ends too early, `too_large` when it is too long
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
 * Reads the text of a field, in UTF-8.
 * @throws ServiceError `invalid` when it is longer than `maxBytes`
 */
export async function readField({ name, body }: Part, maxBytes: number): Promise<string> {
  return decode(await collect(body, maxBytes, `${name}: is longer than ${maxBytes} bytes`));
}

type Read = () => Promise<Uint8Array | null>;
type Until = (delimiter: Uint8Array) => AsyncGenerator<Uint8Array, void>;

/** The stream's chunks one by one, then null. */
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
 * Cuts a stream at delimiters: each call gives what comes up to the next one. The first boundary has no line break
 * before it, and the last need not have one after it, so one is put before all and one after all.
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
 * Where a delimiter begins, the start of one at the very end included. It has a CR at its begin and nowhere else, so
 * no byte that has matched can begin another: none is looked at more than twice.
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

/** What follows a boundary on its line: `--` after the last one. */
function isLast(line: string): boolean {
  const text = line.trimEnd();
  if (text !== "" && text !== "--") throw invalid("body: a boundary has more on its line");
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
    if (name === undefined) throw invalid("body: a part has a header that is none");
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
    // Only what is needed is unescaped: some browsers send a path of Windows as it is.
    if (name !== undefined) parameters.set(name.toLowerCase(), quoted?.replace(/\\(["\\])/g, "$1") ?? bare);
  }
  return parameters;
}

/** The three characters that the HTML standard escapes in a name, and no other: a "%" may be one. */
const unescapeName = (text: string): string => text.replace(/%(22|0D|0A)/gi, decodeURIComponent);

/** RFC 5987 section 3.2; null when there is none, or none in UTF-8. */
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
