import { decodeText } from "./decode.ts";
import { readable } from "./headers.ts";
import { decodeWords } from "./words.ts";

/** A field such as Content-Type: its value in lower case, and its parameters, decoded, by lower-case name. */
export interface Structured {
  value: string;
  parameters: Record<string, string>;
}

/** A parameter: a name, and a value that is quoted or not. Each alternative ends at its first odd character. */
const PARAMETER = /;?[\s;]*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\[\s\S])*)(?:"|$)|([^;]*))/y;

/** What has no value, up to the next separator. */
const VALUELESS = /[\s;]*[^;]+|[\s;]+$/y;

/** More is not of a mail program. */
const MAX_PARAMETERS = 1000;
const MAX_LENGTH = 65_536;

/** Reads a structured field, with long and encoded parameters (RFC 2231) and encoded words in names, which are common. */
export function parseStructured(field: string): Structured {
  const text = withoutComments(field.slice(0, MAX_LENGTH));
  const start = text.indexOf(";");
  const value = (start < 0 ? text : text.slice(0, start)).trim().toLowerCase();
  const raw = start < 0 ? [] : rawParameters(text, start);
  return { value, parameters: Object.fromEntries(decoded(raw)) };
}

/** Comments in brackets (RFC 5322 section 3.2.2), which no program writes any more, but at the end of a value. */
const withoutComments = (field: string): string =>
  field.includes("(")
    ? field.replace(/"(?:[^"\\]|\\[\s\S])*(?:"|$)|\([^()"]*\)/g, (part) => (part.startsWith("(") ? "" : part))
    : field;

function rawParameters(text: string, from: number): [name: string, value: string][] {
  const found: [string, string][] = [];
  for (let at = from; at < text.length && found.length < MAX_PARAMETERS; ) {
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(text);
    if (!match) {
      VALUELESS.lastIndex = at;
      VALUELESS.exec(text);
      at = VALUELESS.lastIndex;
      continue;
    }
    const [whole, name = "", quoted, bare = ""] = match;
    found.push([
      name.toLowerCase(),
      quoted === undefined ? bare.trim() : quoted.replace(/\\([\s\S])/g, "$1"),
    ]);
    at += whole.length;
  }
  return found;
}

/** A piece of a parameter that came in several, or encoded: `name*0*=utf-8''%D0`. */
interface Piece {
  nth: number;
  isEncoded: boolean;
  value: string;
}

function* decoded(raw: [name: string, value: string][]): Generator<[string, string]> {
  const pieces = new Map<string, Piece[]>();
  const plain = new Map<string, string>();
  for (const [name, value] of raw) {
    const [, base, nth, star] = /^([^*]+)\*(?:(\d{1,4})(\*?))?$/.exec(name) ?? [];
    if (base === undefined) {
      if (!plain.has(name)) plain.set(name, value);
      continue;
    }
    const piece = { nth: Number(nth ?? 0), isEncoded: nth === undefined || star === "*", value };
    pieces.set(base, [...(pieces.get(base) ?? []), piece]);
  }
  for (const [name, value] of plain) yield [name, decodeWords(readable(value))];
  // An encoded form is preferred to a plain one beside it (RFC 6266 section 4.3).
  for (const [name, found] of pieces) yield [name, joined(found)];
}

function joined(pieces: Piece[]): string {
  const [first, ...rest] = pieces.toSorted((a, b) => a.nth - b.nth);
  const [, charset, text = ""] = /^([^']*)'[^']*'([\s\S]*)$/.exec(first!.value) ?? [];
  const isMarked = first!.isEncoded && charset !== undefined;
  const start = isMarked ? { ...first!, value: text } : first!;
  const bytes = [start, ...rest].flatMap(({ isEncoded, value }) => bytesOf(value, isEncoded));
  const whole = decodeText(Uint8Array.from(bytes), charset || null);
  return isMarked ? whole : decodeWords(whole);
}

/** A byte for each character; of an encoded one, for each `%XX`. */
function bytesOf(value: string, isEncoded: boolean): number[] {
  const text = isEncoded
    ? value.replace(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    : value;
  return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at) & 0xff);
}
