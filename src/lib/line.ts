/** What ends a line, or is no text at all: it could begin another header (RFC 5322 section 2.2). */
const CONTROLS = /[\p{Cc}\u2028\u2029]+/gu;
/** What reverses the text after it, and so can make one name look like another (UAX #9 section 2). */
const BIDI_OVERRIDES = /[\u202a-\u202e\u2066-\u2069]+/g;

/** The first so many UTF-16 units of a text, without half of a character at their end. */
export const cut = (text: string, max: number): string =>
  text.length <= max ? text : text.slice(0, max).replace(/[\ud800-\udbff]$/, "");

/**
 * A stranger's text as one line that may stand in a mail's header and in any answer: without control characters,
 * bidirectional overrides and lone surrogates. What it returns it leaves as it is.
 * @param max in UTF-16 units
 */
export const oneLine = (text: string, max: number): string =>
  cut(withoutOverrides(text).replace(CONTROLS, " ").trim(), max).trim();

/**
 * The name of a file, which a sender has chosen, without the path before it (RFC 2183 section 2.3).
 * @returns at most 255 UTF-16 units, "attachment" where nothing is left
 */
export function fileName(path: string): string {
  const name = withoutOverrides(path)
    .replace(CONTROLS, "")
    .replace(/^.*[/\\]/s, "");
  return cut(name.trim(), 255).trim().replace(/^\.*$/, "") || "attachment";
}

const withoutOverrides = (text: string): string => text.replace(BIDI_OVERRIDES, "").toWellFormed();
