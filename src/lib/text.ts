import { decodeReferences } from "./entities.ts";

/** The elements of HTML, and obsolete ones that mail programs still write. Other names are words in angle brackets. */
const ELEMENTS = new Set(
  (
    "html head body title base link meta style script noscript template address article aside footer header h1 h2 h3 " +
    "h4 h5 h6 hgroup main nav section blockquote dd div dl dt figcaption figure hr li menu ol p pre ul a abbr acronym b " +
    "bdi bdo big br cite code data del dfn em font i ins kbd label mark nobr q rp rt ruby s samp small span strike " +
    "strong sub sup time tt u var wbr area audio img map track video embed iframe object picture source svg canvas " +
    "caption col colgroup table tbody td tfoot th thead tr button datalist fieldset form input legend meter optgroup " +
    "option output progress select textarea details dialog summary center dir frame frameset noframes marquee applet"
  ).split(" "),
);

/** A body that begins with one of these is HTML, even if the element is never closed. */
const LEADING = new Set(
  "html head body meta link style script div p table tbody tr td br hr img center blockquote pre ul ol h1 h2 h3 h4 h5 h6".split(
    " ",
  ),
);

/** Elements that HTML lets end without a closing tag. */
const UNCLOSED = new Set("p li td tr th dt dd".split(" "));

/** Comments, which have no name, and tags. The look-ahead fixes the end of a name: unclosed tags take linear time. */
const TAG = /<!--[\s\S]*?(?:-->|$)|<(\/?)([a-z][a-z\d:-]*)(?![a-z\d:-])([^<>]*)>/gi;

const ATTRIBUTES = /^(?:\s+[a-z_:@*][-\w:.@]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'`]+))?)*\s*\/?$/i;

/** What may stand before HTML: blanks, comments, an XML declaration. */
const PREAMBLE = /(?:[\s\ufeff]+|<!--[\s\S]*?-->|<\?xml[^<>]*>)/gy;

interface Tag {
  name: string;
  isClosing: boolean;
  isKnown: boolean;
  hasValues: boolean;
  /** The characters before and after the tag; "" at the start and the end of the body. */
  before: string;
  after: string;
  at: number;
}

/**
 * Distinguishes HTML from plain text, because providers send a body without its type. HTML begins with a tag, or has
 * closed elements, line breaks attached to words, or an image. Words in angle brackets, code, XML and tags mentioned in
 * prose are text: shown as HTML, they would disappear, as would the line breaks. A single line without tags, in which
 * every `&` is a reference, is HTML: nothing can get lost.
 */
export function isHtml(body: string): boolean {
  const start = endOfPreamble(body);
  if (/^<!doctype\s+html/i.test(body.slice(start, start + 100))) return true;
  const tags = tagsOf(body);
  const [first] = tags;
  if (!first) return isEscapedLine(body);
  if (first.at === start && isLead(first)) return true;

  const elements = tags.filter((tag) => tag.isKnown && !isMention(tag));
  // A paragraph break before the first tag only occurs in plain text.
  if (!elements[0] || /\n[ \t\r]*\n/.test(body.slice(start, elements[0].at).trim())) return false;
  const pairs = pairsOf(tags.filter((tag) => !tag.isKnown && !/[:-]/.test(tag.name)));
  if (!first.isKnown && pairs.has(first.name)) return false;
  const others = [...pairs.values()].reduce((sum, count) => sum + count, 0);
  const known = [...pairsOf(elements).values()].reduce((sum, count) => sum + count, 0);
  return known > 0 ? known >= others : isUnclosedHtml(elements);
}

function endOfPreamble(body: string): number {
  let end = 0;
  for (const match of body.matchAll(PREAMBLE)) end = match.index + match[0].length;
  return end;
}

/** Finds tags of any name whose attributes are well-formed. */
const tagsOf = (body: string): Tag[] =>
  Array.from(body.matchAll(TAG)).flatMap(({ 0: source, 1: slash, 2: name, 3: attributes = "", index }) =>
    name === undefined || (attributes !== "" && !ATTRIBUTES.test(attributes))
      ? []
      : {
          name: name.toLowerCase(),
          isClosing: slash === "/",
          isKnown: ELEMENTS.has(name.toLowerCase()),
          hasValues: attributes.includes("="),
          before: body.charAt(index - 1),
          after: body.charAt(index + source.length),
          at: index,
        },
  );

const isLead = ({ name, isClosing, isKnown, hasValues, after }: Tag): boolean =>
  isKnown && !isClosing && (hasValues || (LEADING.has(name) && after !== " "));

/** True for a tag that prose mentions: between spaces like a word, or in quotes. */
const isMention = ({ hasValues, before, after }: Tag): boolean =>
  !hasValues && /[^\S\n]|["'`([“‘«]/.test(before) && /[^\S\r\n]|["'`)\],.;:!?”’»]/.test(after);

/** Counts closed elements by name. */
function pairsOf(tags: Tag[]): Map<string, number> {
  const open = new Map<string, number>();
  const pairs = new Map<string, number>();
  for (const { name, isClosing } of tags) {
    const opened = open.get(name) ?? 0;
    if (isClosing && opened > 0) pairs.set(name, (pairs.get(name) ?? 0) + 1);
    open.set(name, Math.max(opened + (isClosing ? -1 : 1), 0));
  }
  return pairs;
}

/** True if only void or unclosed elements show that the text is HTML. */
function isUnclosedHtml(tags: Tag[]): boolean {
  if (tags.some(({ name, hasValues }) => name === "img" && hasValues)) return true;
  const breaks = tags.filter(({ name }) => name === "br" || name === "hr");
  if (breaks.some(({ before }) => /[^\s"'`([]/.test(before))) return true;
  const ends = breaks.filter(({ after }) => after === "" || after === "\r" || after === "\n");
  const begins = tags.filter(({ name, after }) => UNCLOSED.has(name) && /[\p{L}\p{N}]/u.test(after));
  return ends.length > 1 || begins.length > 1;
}

function isEscapedLine(body: string): boolean {
  const line = body.trim();
  if (/[<\n]/.test(line) || !line.includes("&")) return false;
  const references = line.match(/&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/gi) ?? [];
  return references.length === line.split("&").length - 1 && decodeReferences(line) !== line;
}

/** Tags that occur inside a word or a sentence. Any other tag separates words. */
const INLINE = new Set(
  "a abbr acronym b bdi bdo big cite code em font i ins kbd mark nobr q s samp small span strong strike sub sup tt u var wbr".split(
    " ",
  ),
);

/** Elements whose content is not shown. Only the first two hide the rest of the mail if they are not closed. */
const HIDDEN = new Set("script style title template svg math iframe xml".split(" "));

/**
 * Yields the visible text of a mail's HTML, with references decoded. Linear: each character is read once, and a missing
 * end tag is searched once.
 */
function* shownText(html: string): Generator<string, void> {
  const unclosed = new Set<string>();
  for (let at = 0; at < html.length; ) {
    const open = html.indexOf("<", at);
    if (open !== at) yield decodeReferences(html.slice(at, open < 0 ? html.length : open));
    if (open < 0) return;
    const [, slash, name] = /^<(\/?)([a-z][a-z\d:-]{0,30})/i.exec(html.slice(open, open + 33)) ?? [];
    if (name === undefined) {
      at = /[!/?]/.test(html.charAt(open + 1)) ? endOfComment(html, open) : open + 1;
      if (at === open + 1) yield "<";
      continue;
    }
    const tag = name.toLowerCase();
    at = endOfTag(html, open);
    if (!INLINE.has(tag)) yield " ";
    if (slash || !HIDDEN.has(tag) || unclosed.has(tag)) continue;
    const closing = new RegExp(`</${tag}[\\s/>]`, "gi");
    closing.lastIndex = at;
    const end = closing.exec(html)?.index;
    if (end !== undefined) at = end;
    else if (tag === "script" || tag === "style") return;
    else unclosed.add(tag);
  }
}

/** `<!-->` and `<!--->` are complete comments. Other declarations end at the next bracket. */
function endOfComment(html: string, open: number): number {
  if (html.startsWith("<!--", open)) {
    const end = /--!?>/g;
    end.lastIndex = open + 2;
    return end.exec(html) ? end.lastIndex : html.length;
  }
  const end = html.indexOf(">", open);
  return end < 0 ? html.length : end + 1;
}

/** A bracket in a quoted value does not end a tag. */
function endOfTag(html: string, open: number): number {
  const mark = /=\s*["']|>/g;
  mark.lastIndex = open;
  for (let found = mark.exec(html); found; found = mark.exec(html)) {
    if (found[0] === ">") return mark.lastIndex;
    const quote = html.indexOf(found[0].slice(-1), mark.lastIndex);
    if (quote < 0) return html.length;
    mark.lastIndex = quote + 1;
  }
  return html.length;
}

/** Blanks, control characters, and the zero-width characters with which newsletters pad their previews. */
const PADDING =
  /(?:[\s\p{Cc}\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0]|\u034f|\u17b4|\u17b5)+/gu;

/** A single joiner is kept: it is part of the spelling in Persian and in emoji. */
const shorten = (padding: string): string => {
  if (padding === "\u200c" || padding === "\u200d") return padding;
  return /[\s\p{Cc}\u2800\u3164]/u.test(padding) ? " " : "";
};

/** Turns text into one line without invisible characters. */
const toLine = (text: string): string =>
  text
    .replace(PADDING, shorten)
    .replace(/^[ \u200c\u200d]+|[ \u200c\u200d]+$/g, "")
    .toWellFormed();

const LENGTH = 200;

/** Splits a text, so that little more than the first words of a long one is read. */
function* portions(text: string): Generator<string, void> {
  for (let at = 0; at < text.length; at += 4096) yield text.slice(at, at + 4096);
}

/**
 * The first words of a mail's body, for lists.
 * @param body HTML or plain text
 * @param isMarkup true for HTML; detected by default
 * @returns at most 200 characters on one line, null if there are none
 */
export function excerpt(body: string, isMarkup = isHtml(body)): string | null {
  const pieces: string[] = [];
  let length = 0;
  for (const piece of isMarkup ? shownText(body) : portions(body)) {
    pieces.push(piece);
    length += toLine(piece).length;
    if (length >= LENGTH * 2) break;
  }
  return firstOf(toLine(pieces.join("")));
}

/**
 * Cleans a provider's preview of a mail: some providers escape it for HTML, and leave padding in.
 * @returns null if nothing is left
 */
export const readableSnippet = (snippet: string): string | null =>
  toLine(decodeReferences(snippet.slice(0, 4000))) || null;

/** The first 200 characters, without splitting a surrogate pair. */
const firstOf = (line: string): string | null =>
  Array.from(line.slice(0, LENGTH * 2))
    .slice(0, LENGTH)
    .join("")
    .trimEnd() || null;
