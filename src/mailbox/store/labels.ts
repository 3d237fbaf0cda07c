import { rowsOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";

// A label is a keyword on the server (RFC 9051 section 2.3.2). A keyword is an atom, so other names need a code.

/** Longer keywords are refused, or cut, by servers that many use. */
const MAX_KEYWORD = 50;

/** Of the keywords that stand for a name which is no atom. The rest is the name in base32. */
const CODED = "xb_";

/** Keywords that programs set for themselves. Those that begin with `$` are not labels either (RFC 5788). */
const NOT_LABELS = new Set(
  "junk nonjunk notjunk junkrecorded forwarded redirected mdnsent hasatt hasnoatt".split(" "),
);

/** The names of coded labels, by keyword. */
export type LabelNames = ReadonlyMap<string, string>;

/** All coded labels that were used here. */
export const labelNames = (ctx: MailboxContext): LabelNames =>
  new Map(
    rowsOf<{ keyword: string; name: string }>(ctx, "SELECT keyword, name FROM labels").map(
      ({ keyword, name }) => [keyword, name],
    ),
  );

/** The labels among the flags of a message, sorted. */
export const labelsOf = (flags: string[], names: LabelNames): string[] =>
  flags
    .filter(isLabel)
    .map((keyword) => nameOf(keyword, names))
    .sort();

/** Whether a flag is a label, rather than a flag of the protocol or of a program. */
export const isLabel = (flag: string): boolean =>
  flag !== "" && !/^[\\$]/.test(flag) && !NOT_LABELS.has(flag.toLowerCase());

/** The keyword for a label. What is no atom gets a code, which is remembered with the name. */
export async function keywordFor(ctx: MailboxContext, name: string): Promise<string> {
  if (isLabel(name) && isAtom(name) && name.length <= MAX_KEYWORD && !isCoded(name)) return name;
  const keyword = await codeFor(name);
  ctx.sql.exec("INSERT OR IGNORE INTO labels (keyword, name) VALUES (?, ?)", keyword, name);
  return keyword;
}

/**
 * Gmail's labels as the mirror keeps them, among the flags. They are not sent as keywords, so any length will do.
 * @param labels of X-GM-LABELS; those that begin with a backslash are Gmail's folders
 */
export const labelFlags = (labels: Iterable<string> = []): string[] =>
  [...labels]
    .filter((name) => name !== "" && !name.startsWith("\\"))
    .map((name) => (isLabel(name) && isAtom(name) && !isCoded(name) ? name : encoded(name)));

const encoded = (name: string): string => CODED + toBase32(new TextEncoder().encode(name));

const isCoded = (keyword: string): boolean => keyword.toLowerCase().startsWith(CODED);

/** ABNF: ATOM-CHAR of RFC 9051 section 9. */
const isAtom = (name: string): boolean => /^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]+$/.test(name);

/** A long name is coded by its hash: where the table is lost, the keyword is shown in its place. */
async function codeFor(name: string): Promise<string> {
  const code = encoded(name);
  if (code.length <= MAX_KEYWORD) return code;
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name));
  return CODED + toBase32(new Uint8Array(hash, 0, 20));
}

function nameOf(keyword: string, names: LabelNames): string {
  if (!isCoded(keyword)) return keyword;
  // Keywords do not differ by case alone, and some servers change it.
  const code = keyword.toLowerCase();
  return names.get(code) ?? decoded(code.slice(CODED.length)) ?? keyword;
}

/** The text that was coded, perhaps by another installation. */
function decoded(code: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(fromBase32(code));
  } catch {
    return undefined;
  }
}

const DIGITS = "abcdefghijklmnopqrstuvwxyz234567";

/** RFC 4648 section 6, in lower case and without padding. */
function toBase32(bytes: Uint8Array): string {
  let digits = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) digits += DIGITS[(value >> (bits - 5)) & 31];
    value &= 31;
  }
  return bits > 0 ? digits + DIGITS[(value << (5 - bits)) & 31] : digits;
}

/** @throws RangeError for what is no base32 */
function fromBase32(digits: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((digits.length * 5) / 8));
  let bits = 0;
  let value = 0;
  let at = 0;
  for (const digit of digits) {
    const five = DIGITS.indexOf(digit);
    if (five < 0) throw new RangeError(`Not a digit of base32: ${digit}`);
    value = ((value << 5) | five) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = value >> bits;
    value &= (1 << bits) - 1;
  }
  return bytes;
}
