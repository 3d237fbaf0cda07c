/** A token as a browser would read it. Text and values are source text: character references are not decoded. */
export type HtmlToken =
  | { type: "text"; text: string }
  | { type: "start"; name: string; attributes: Attributes }
  | { type: "end"; name: string }
  /** The content of a raw text element such as style, between its start and end tokens. */
  | { type: "raw"; name: string; text: string; attributes: Attributes };

/** By name in lower case. Of duplicates, the first counts. */
export type Attributes = Map<string, string>;

interface Tag {
  name: string;
  isEnd: boolean;
  isSelfClosing: boolean;
  attributes: Attributes;
  /** The index after the tag. */
  end: number;
}

/** The start of a tag or comment. Any other `<` is text. */
const MARKUP = /<[a-z/!?]/gi;

/** Elements whose content only ends at their end tag. `<style/>` is not self-closing. */
const RAW_TEXT = new Map(
  "script style title textarea iframe noembed noframes xmp"
    .split(" ")
    .map((name) => [name, new RegExp(`</${name}(?=[\\t\\n\\f\\r />])`, "gi")]),
);

/** Start tags that end an unclosed `<svg>` or `<math>`. */
const BREAKOUT = new Set(
  (
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu " +
    "meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var font"
  ).split(" "),
);

/**
 * Tokenizes HTML by the WHATWG rules, and yields what a browser would show: no comments, and nothing inside
 * `<template>`, `<svg>` or `<math>`. An unfinished tag or comment hides the rest, as in a browser. Linear in the
 * length: a search without a match ends the tokenizing.
 */
export function* readHtml(html: string): Generator<HtmlToken> {
  let foreign = { root: "", depth: 0 };
  let templates = 0;
  let hasFrames = false;
  let at = 0;
  while (at < html.length) {
    const start = find(MARKUP, html, at);
    const isShown = foreign.depth === 0 && templates === 0;
    if (start > at && isShown) yield { type: "text", text: html.slice(at, start) };
    if (start === html.length) return;
    if (!/[a-z]/i.test(html.charAt(start + (html[start + 1] === "/" ? 2 : 1)))) {
      at = endOfComment(html, start, foreign.depth > 0);
      continue;
    }
    const tag = readTag(html, start);
    if (!tag) return;
    const { name, isEnd, attributes } = tag;
    at = tag.end;
    if (foreign.depth > 0) {
      if (!isBreakout(tag)) {
        if (name === foreign.root) foreign.depth += isEnd ? -1 : tag.isSelfClosing ? 0 : 1;
        continue;
      }
      foreign = { root: "", depth: 0 };
    }
    if (name === "template") templates = Math.max(0, templates + (isEnd ? -1 : 1));
    else if (templates === 0) yield isEnd ? { type: "end", name } : { type: "start", name, attributes };
    if (isEnd) continue;
    if (name === "svg" || name === "math") foreign = { root: name, depth: tag.isSelfClosing ? 0 : 1 };
    if (name === "frameset") hasFrames = true;
    if (name === "plaintext") {
      if (templates === 0) yield { type: "raw", name, text: html.slice(at), attributes };
      return;
    }
    const closing = RAW_TEXT.get(name);
    // The content of noframes is shown, because frames are not.
    if (!closing || (name === "noframes" && hasFrames)) continue;
    const end = find(closing, html, at);
    if (templates === 0) yield { type: "raw", name, text: html.slice(at, end), attributes };
    at = end;
  }
}

/** @returns the index of the match, or the length of the text without one */
function find(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? text.length;
}

/** @returns the index after the comment, or the length of the text if it is not closed */
function endOfComment(html: string, start: number, isForeign: boolean): number {
  const indexAfter = (closing: string, from: number): number => {
    const at = html.indexOf(closing, from);
    return at === -1 ? html.length : at + closing.length;
  };
  if (isForeign && html.startsWith("<![CDATA[", start)) return indexAfter("]]>", start);
  if (!html.startsWith("<!--", start)) return indexAfter(">", start + 2);
  if (html[start + 4] === ">") return start + 5;
  if (html.startsWith("->", start + 4)) return start + 6;
  const end = find(/--!?>/g, html, start + 4);
  return end === html.length ? end : indexAfter(">", end);
}

const TAG_NAME = /[^\t\n\f\r />]*/y;
const BETWEEN = /[\t\n\f\r /]*/y;
const ATTRIBUTE_NAME = /=?[^\t\n\f\r />=]*/y;
const EQUALS = /[\t\n\f\r ]*=[\t\n\f\r ]*/y;
const BARE_VALUE = /[^\t\n\f\r >]*/y;

/** @returns null if the text ends inside the tag */
function readTag(html: string, start: number): Tag | null {
  const isEnd = html[start + 1] === "/";
  let at = start + (isEnd ? 2 : 1);
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const text = pattern.exec(html)?.[0] ?? "";
    at += text.length;
    return text;
  };
  const name = take(TAG_NAME).toLowerCase();
  const attributes: Attributes = new Map();
  for (;;) {
    take(BETWEEN);
    if (at >= html.length) return null;
    if (html[at] === ">") break;
    const key = take(ATTRIBUTE_NAME).toLowerCase();
    let value = "";
    if (take(EQUALS)) {
      const quote = html[at];
      if (quote === '"' || quote === "'") {
        const close = html.indexOf(quote, at + 1);
        if (close === -1) return null;
        value = html.slice(at + 1, close);
        at = close + 1;
      } else value = take(BARE_VALUE);
    }
    if (!attributes.has(key)) attributes.set(key, value);
  }
  return { name, isEnd, isSelfClosing: html[at - 1] === "/", attributes, end: at + 1 };
}

function isBreakout({ name, isEnd, attributes }: Tag): boolean {
  if (isEnd) return name === "p" || name === "br";
  if (name === "font") return ["color", "face", "size"].some((key) => attributes.has(key));
  return BREAKOUT.has(name);
}
