import { Base64Decoder } from "./base64.ts";
import { joined } from "./bytes.ts";
import { CODE_PAGES } from "./code-pages.ts";
import { QuotedPrintableDecoder } from "./quoted-printable.ts";
import { decodeUtf7 } from "./utf7.ts";

/** Names that mail programs write, and `TextDecoder` does not know. */
const ALIASES = new Map(
  Object.entries({
    utf8mb3: "utf-8",
    utf8mb4: "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    utf7: "utf-7",
    "utf-16": "utf-16",
    utf16: "utf-16",
    "ucs-2": "utf-16",
    unicode: "utf-16",
    utf32: "utf-32",
    "ucs-4": "utf-32",
    utf16be: "utf-16be",
    utf16le: "utf-16le",
    "latin-1": "windows-1252",
    "iso8859-1": "windows-1252",
    ansi: "windows-1252",
    cp932: "shift_jis",
    "iso-2022-jp-1": "iso-2022-jp",
    "iso-2022-jp-2": "iso-2022-jp",
    "iso-2022-jp-ms": "iso-2022-jp",
    "iso-2022-jp-ext": "iso-2022-jp",
    cp50220: "iso-2022-jp",
    cp50221: "iso-2022-jp",
    eucjp: "euc-jp",
    "euc-jp-ms": "euc-jp",
    euckr: "euc-kr",
    uhc: "euc-kr",
    cp949: "euc-kr",
    ks_c_5601: "euc-kr",
    cp936: "gbk",
    "euc-cn": "gbk",
    "hz-gb-2312": "hz-gb-2312",
    cp950: "big5",
    koi8r: "koi8-r",
    koi8u: "koi8-u",
    cp878: "koi8-r",
    cp10000: "macintosh",
    "mac-roman": "macintosh",
    macroman: "macintosh",
    "mac-cyrillic": "x-mac-cyrillic",
    tis620: "tis-620",
    cp874: "windows-874",
    cp858: "cp850",
  }),
);

/** The one name of a charset that can be written in several ways. */
export function canonical(charset: string): string {
  const name = charset
    .toLowerCase()
    .trim()
    .replace(/^["']|["']$/g, "")
    .replace(/^x-(?=iso|utf|windows|cp|gbk|euc)/, "")
    .replace(/^(?:ibm|dos|oem)[-_]?(?=\d)/, "cp")
    .replace(/^(?:win|windows|cp|ms)[-_]?(?=125\d$|874$)/, "windows-")
    .replace(/^cp[-_](?=\d)/, "cp")
    .replace(/^(?:iso|iso[-_])?8859[-_]/, "iso-8859-")
    .replace(/^utf_/, "utf-")
    .replace(/^cp(?=866$)/, "ibm");
  return ALIASES.get(name) ?? name;
}

/**
 * Turns bytes of any charset into a text without lone surrogates. What the charset does not have becomes U+FFFD. Without
 * a known charset, the bytes count as UTF-8 if they are valid as such, else as Windows-1252.
 * @param charset as the mail names it
 */
export function decodeText(bytes: Uint8Array, charset: string | null): string {
  const name = charset === null ? "us-ascii" : canonical(charset);
  if (/^(?:(?:us-)?ascii|ansi_x3\.4-1968|7bit|8bit)$/.test(name)) return decodeUnlabelled(bytes);
  if (name === "utf-7") return decodeUtf7(latin1(bytes));
  if (name === "utf-16") return decodeUtf16(bytes);
  if (name.startsWith("utf-32")) return decodeUtf32(bytes, name);
  const upperHalf = Object.hasOwn(CODE_PAGES, name) ? CODE_PAGES[name] : undefined;
  if (upperHalf !== undefined) return decodeCodePage(bytes, upperHalf);
  const decoder = decoderOf(name);
  return decoder ? decoder.decode(bytes).toWellFormed() : decodeUnlabelled(bytes);
}

/** True for a charset that `decodeText` knows by name. */
export function isKnownCharset(charset: string): boolean {
  const name = canonical(charset);
  return (
    /^utf-(?:7|16|32(?:be|le)?)$/.test(name) ||
    Object.hasOwn(CODE_PAGES, name) ||
    decoderOf(name) !== undefined
  );
}

/** Names that are no charsets: asking the runtime for one takes long. */
const unknown = new Set<string>();

/** What decodes a charset, by its canonical name; undefined for one that the runtime does not know. */
export function decoderOf(name: string): TextDecoder | undefined {
  if (unknown.has(name)) return undefined;
  try {
    return new TextDecoder(name);
  } catch {
    if (unknown.size < 1000) unknown.add(name);
    return undefined;
  }
}

/** Decodes bytes without a charset: as UTF-8 if they are valid as such. @param fallback for all others */
export function decodeUnlabelled(bytes: Uint8Array, fallback = "windows-1252"): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    const decoder = decoderOf(canonical(fallback));
    const isUseless = decoder === undefined || decoder.encoding === "utf-8";
    return (isUseless ? new TextDecoder("windows-1252") : decoder).decode(bytes);
  }
}

/** A character for each byte. */
export const latin1 = (bytes: Uint8Array): string =>
  bytes.length < 100 ? String.fromCharCode(...bytes) : fromUnits(Uint16Array.from(bytes));

/** The text of UTF-16 units. */
const fromUnits = (units: Uint16Array): string => new TextDecoder("utf-16le").decode(units);

/** By the byte order mark, else the order in which more units are of the Latin block. */
function decodeUtf16(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const isMarked = (first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe);
  let balance = 0;
  for (let at = 0; at + 1 < Math.min(bytes.length, 1000); at += 2)
    balance += (bytes[at] === 0 ? 1 : 0) - (bytes[at + 1] === 0 ? 1 : 0);
  // RFC 2781 section 4.3: without a mark, the highest byte should be taken as the first.
  const isBigEndian = isMarked ? first === 0xfe : balance >= 0;
  return new TextDecoder(isBigEndian ? "utf-16be" : "utf-16le").decode(bytes).toWellFormed();
}

/** By the name, the byte order mark, else by which byte of the first character is zero: none is above U+10FFFF. */
function decodeUtf32(bytes: Uint8Array, name: string): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittleEndian = name === "utf-32" ? bytes[0] !== 0 : name.endsWith("le");
  const characters: string[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const code = view.getUint32(at, isLittleEndian);
    if (at > 0 || code !== 0xfeff) characters.push(code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code));
  }
  return characters.join("").toWellFormed();
}

function decodeCodePage(bytes: Uint8Array, upperHalf: string): string {
  const units = Uint16Array.from(bytes);
  for (let at = 0; at < units.length; at++) {
    const byte = units[at]!;
    if (byte >= 128) units[at] = upperHalf.charCodeAt(byte - 128);
  }
  return fromUnits(units);
}

/** Undoes a transfer encoding of data that comes in pieces. */
export interface TransferDecoder {
  write(encoded: Uint8Array): Uint8Array;
  /** What is left at the end of the data. */
  end(): Uint8Array;
}

const asIs: TransferDecoder = { write: (bytes) => bytes, end: () => new Uint8Array(0) };

/** @param encoding in lower case; all but base64 and quoted-printable leave the bytes as they are */
export const transferDecoder = (encoding: string): TransferDecoder => {
  if (encoding === "base64") return new Base64Decoder();
  return encoding === "quoted-printable" ? new QuotedPrintableDecoder() : asIs;
};

/**
 * A stream that undoes a part's transfer encoding. It takes linear time and bounded memory, and never fails: what is
 * malformed is skipped, or stands for itself.
 * @param encoding in lower case; all but base64 and quoted-printable leave the bytes as they are
 */
export function decodeTransfer(encoding: string): TransformStream<Uint8Array, Uint8Array> {
  const decoder = transferDecoder(encoding);
  const pass = (controller: TransformStreamDefaultController<Uint8Array>, bytes: Uint8Array) => {
    if (bytes.length > 0) controller.enqueue(bytes);
  };
  return new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => pass(controller, decoder.write(chunk)),
    flush: (controller) => pass(controller, decoder.end()),
  });
}

/** The same for bytes that are all there. */
export function decodeBytes(bytes: Uint8Array, encoding: string): Uint8Array {
  const decoder = transferDecoder(encoding);
  return joined([decoder.write(bytes), decoder.end()]);
}
