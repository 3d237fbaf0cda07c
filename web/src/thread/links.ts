/** A piece of a text: words, or a link. */
export type Piece = string | { text: string; href: string };

const LINK =
  /(?:https?:\/\/|www\.)[^\s<>"“”«»]+|(?<![\p{L}\d.!#$%&'*+/=?^_`{|}~-])[\p{L}\d.!#$%&'*+/=?^_`{|}~-]{1,64}@[\p{L}\d-]{1,63}(?:\.[\p{L}\d-]{1,63})+/giu;

/** What ends a sentence, and not an address. */
const TAIL = new Set(".,;:!?'’”»*");

/** Chromium takes minutes to lay out a line of 40,000 links. The rest of a text with more has none. */
const MAX_LINKS = 500;

/** Finds the web and mail addresses of a text. */
export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    if (pieces.length >= 2 * MAX_LINKS) break;
    const found = withoutTail(match[0]);
    if (match.index > at) pieces.push(text.slice(at, match.index));
    pieces.push({ text: found, href: hrefOf(found) });
    at = match.index + found.length;
  }
  if (at < text.length) pieces.push(text.slice(at));
  return pieces;
}

/** A bracket belongs to an address only if it was opened in it. */
function withoutTail(link: string): string {
  let end = link.length;
  let surplus = link.split(")").length - link.split("(").length;
  for (; end > 0; end--) {
    const last = link[end - 1]!;
    if (last === ")" && surplus > 0) surplus--;
    else if (!TAIL.has(last)) break;
  }
  return link.slice(0, end);
}

function hrefOf(link: string): string {
  if (/^https?:/i.test(link)) return link;
  return /^www\./i.test(link) ? `https://${link}` : `mailto:${link}`;
}
