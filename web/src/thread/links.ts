import { openComposer } from "../compose/open.ts";

/** A piece of a text: words, or a link. */
export type Piece = string | { text: string; href: string };

const LINK =
  /(?:https?:\/\/|www\.)[^\s<>"“”«»]+|[\p{L}\d.!#$%&'*+/=?^_`{|}~-]{1,64}@[\p{L}\d-]{1,63}(?:\.[\p{L}\d-]{1,63})+/giu;

/** What ends a sentence, and not an address. */
const TAIL = /[.,;:!?'’”»*]+$/;

/** Finds the web and mail addresses of a text. */
export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
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
  let found = link.replace(TAIL, "");
  while (found.endsWith(")") && found.split(")").length > found.split("(").length)
    found = found.slice(0, -1).replace(TAIL, "");
  return found;
}

function hrefOf(link: string): string {
  if (/^https?:/i.test(link)) return link;
  return /^www\./i.test(link) ? `https://${link}` : `mailto:${link}`;
}

/** Opens the composer for a `mailto:` address. */
export function writeTo(mailto: string): void {
  const addresses = mailto.replace(/^mailto:/i, "").replace(/\?.*$/s, "");
  const to = addresses.split(",").flatMap((address) => {
    const email = decoded(address).trim();
    return email ? [{ email }] : [];
  });
  openComposer({ kind: "new", to });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
