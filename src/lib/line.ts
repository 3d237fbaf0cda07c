/** Line breaks and control characters: they could start another header (RFC 5322 section 2.2). */
const CONTROLS = /[\p{Cc}\u2028\u2029]+/gu;
/** Characters that reverse the text after them, and can make one name look like another (UAX #9 section 2). */
const BIDI_OVERRIDES = /[\u202a-\u202e\u2066-\u2069]+/g;

/** Cuts a text without splitting a surrogate pair. @param max in UTF-16 units */
export const cut = (text: string, max: number): string =>
  text.length <= max ? text : text.slice(0, max).replace(/[\ud800-\udbff]$/, "");

/**
 * Makes an untrusted text safe for a mail header and a response: one line, without control characters, bidirectional
 * overrides and lone surrogates. Idempotent.
 * @param max in UTF-16 units
 */
export const oneLine = (text: string, max: number): string =>
  cut(withoutOverrides(text).replace(CONTROLS, " ").trim(), max).trim();

/**
 * Makes a sender's file name safe, without its path (RFC 2183 section 2.3).
 * @returns at most 255 UTF-16 units; "attachment" if nothing is left
 */
export function fileName(path: string): string {
  const name = withoutOverrides(path)
    .replace(CONTROLS, "")
    .replace(/^.*[/\\]/s, "");
  return cut(name.trim(), 255).trim().replace(/^\.*$/, "") || "attachment";
}

const withoutOverrides = (text: string): string => text.replace(BIDI_OVERRIDES, "").toWellFormed();
