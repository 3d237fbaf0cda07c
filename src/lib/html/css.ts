import { ALLOWED_CSS, CSS_FUNCTIONS, IMAGE_CSS, SELECTOR_ATTRIBUTES, SELECTOR_PSEUDO } from "./markup.ts";

/** Tells the address that an image may be loaded from, or nothing where it may not. */
export type ImageRule = (address: string) => string | undefined;

/** Strings, marks, and what stands between them. */
const PIECE = /"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?|[{};()]|[^"'{};()]+/g;

/** A comment that is not closed hides the rest, as in a browser. */
function withoutComments(css: string): string {
  const parts: string[] = [];
  for (let at = 0; at < css.length; ) {
    const start = css.indexOf("/*", at);
    parts.push(css.slice(at, start === -1 ? undefined : start));
    const end = start === -1 ? -1 : css.indexOf("*/", start + 2);
    if (end === -1) break;
    at = end + 2;
  }
  return parts.join(" ");
}

/**
 * The declarations of the list, each `name:value`. Nothing that is left loads anything but the images that the rule
 * allows, nor lifts an element out of its place; no value has `<`, an escape, or a bracket or quote without its
 * second. Takes time in proportion to the length.
 */
export function filterDeclarations(source: string, image: ImageRule): string[] {
  const kept: string[] = [];
  let declaration = "";
  let depth = 0;
  const finish = () => {
    const colon = declaration.indexOf(":");
    const name = declaration.slice(0, Math.max(0, colon)).trim().toLowerCase();
    const value = ALLOWED_CSS.has(name) ? filterValue(name, declaration.slice(colon + 1), image) : "";
    if (value) kept.push(`${name}:${value}`);
    declaration = "";
  };
  for (const piece of withoutComments(source).match(PIECE) ?? []) {
    if (piece === "(") depth++;
    if (piece === ")") depth--;
    if (piece === ";" && depth <= 0) finish();
    else declaration += piece;
  }
  finish();
  return kept;
}

/** @returns the value in lower case but for the addresses of its images, or "" where it is refused */
function filterValue(property: string, source: string, image: ImageRule): string {
  const value = source.replace(/\s/g, " ").replaceAll('"', "'").trim();
  const parts = IMAGE_CSS.has(property) ? value.split(/url\(([^()]*)\)/i) : [value];
  const words = parts.filter((_, at) => at % 2 === 0).map((part) => part.toLowerCase());
  if (words.some((part) => !/^[\p{L}\p{N}\s_#%.,()'/!+-]*$/u.test(part))) return "";
  if (words.some((part) => part.split("'").length % 2 === 0)) return "";
  if (!words.every(areBracketsAllowed)) return "";
  return words
    .map((part, at) => part + (2 * at + 1 < parts.length ? imageValue(parts[2 * at + 1] ?? "", image) : ""))
    .join("")
    .trim();
}

/** Each bracket opens a function that only computes, and is closed. */
function areBracketsAllowed(words: string): boolean {
  const parts = words.split("(");
  let depth = 0;
  return parts.every((part, at) => {
    depth -= part.split(")").length - 1;
    const isClosed = depth >= 0;
    depth++;
    return isClosed && (at === parts.length - 1 ? depth === 1 : CSS_FUNCTIONS.test(part));
  });
}

function imageValue(source: string, image: ImageRule): string {
  const address = image(source.trim().replace(/^'|'$/g, ""));
  return address && /^https:\/\/[^\s'"()<>{}\\*]+$/.test(address) ? `url('${address}')` : "";
}

/**
 * A sheet of the mail's own rules for text and boxes: selectors and declarations of the lists, and `@media`; all other
 * at-rules go, `@import` and `@font-face` among them. Ids get the prefix that the mail's ids get. The result has no
 * `<`, so it can stand in a `<style>`; it filters to itself. Takes time in proportion to the length.
 */
export function filterSheet(source: string, idPrefix: string, image: ImageRule): string {
  const pieces =
    withoutComments(source)
      .replace(/<!--|-->/g, " ")
      .match(PIECE) ?? [];
  let at = 0;

  /** Up to the bracket that closes the block, and past it. @returns what stands in the block itself */
  const readBlock = (): string => {
    const own: string[] = [];
    for (let depth = 1; at < pieces.length; at++) {
      const piece = pieces[at]!;
      if (piece === "{") depth++;
      if (piece === "}" && --depth === 0) break;
      own.push(depth === 1 && piece !== "}" ? piece : ";");
    }
    at++;
    return own.join("");
  };

  const readRule = (selectorList: string): string => {
    const block = readBlock();
    const selectors = filterSelectors(selectorList, idPrefix);
    const declarations = selectors.length > 0 ? filterDeclarations(block, image) : [];
    return declarations.length > 0 ? `${selectors.join(",")}{${declarations.join(";")}}` : "";
  };

  const readRules = (isInMedia: boolean): string => {
    const rules: string[] = [];
    let prelude: string[] = [];
    while (at < pieces.length) {
      const piece = pieces[at++]!;
      if (piece === "}" && isInMedia) break;
      if (piece === ";" && prelude[0]?.trimStart().startsWith("@")) prelude = [];
      else if (piece === "{") {
        const text = prelude.join("").trim();
        const query = /^@media\b([\s\S]*)/i.exec(text)?.[1];
        if (query !== undefined && !isInMedia) rules.push(inMedia(query, readRules(true)));
        else if (text.startsWith("@")) readBlock();
        else rules.push(readRule(text));
        prelude = [];
      } else if (prelude.length > 0 || piece.trim()) prelude.push(piece);
    }
    return rules.filter(Boolean).join("\n");
  };

  return readRules(false);
}

/** @returns the rules under the media query, or "" where there are none or the query has odd characters */
export function inMedia(query: string, rules: string): string {
  const words = query.replace(/\s+/g, " ").trim();
  let depth = 0;
  const isBalanced = [...words].every((mark) => {
    depth += mark === "(" ? 1 : mark === ")" ? -1 : 0;
    return depth >= 0;
  });
  const isKept = rules && isBalanced && depth === 0 && /^[\w (),:./-]*$/.test(words);
  return isKept ? `@media ${words || "all"}{${rules}}` : "";
}

const IDENT = "-?(?:[a-z_]|[^\\x00-\\x7f])(?:[\\w-]|[^\\x00-\\x7f])*";

/** A part of a selector, or what joins two parts. */
const SELECTOR_PART = new RegExp(
  [
    "(?<join> ?[>+~] ?| )",
    "\\*",
    `[.#]?${IDENT}`,
    `\\[ ?(?<attribute>${IDENT}) ?(?:[~|^$*]?= ?(?:[\\w-]+|'[\\w .:#%-]*'|"[\\w .:#%-]*") ?)?\\]`,
    ":not\\((?<not>[^()]*)\\)",
    `::?(?<pseudo>${IDENT})(?:\\( ?[\\dn+ -]+\\)|\\( ?(?:odd|even) ?\\))?`,
  ].join("|"),
  "iy",
);

/** Those of a list of selectors that are allowed: one that is not takes only itself away. */
const filterSelectors = (list: string, idPrefix: string): string[] =>
  list.split(",").flatMap((selector) => filterSelector(selector, idPrefix) ?? []);

function filterSelector(source: string, idPrefix: string, isJoinable = true): string | undefined {
  const selector = source.replace(/\s+/g, " ").trim();
  const kept: string[] = [];
  let wasJoin = true;
  for (let at = 0; at < selector.length; ) {
    SELECTOR_PART.lastIndex = at;
    const match = SELECTOR_PART.exec(selector);
    if (!match) return;
    const [part] = match;
    const { join, attribute, not, pseudo } = match.groups ?? {};
    // What a browser does not take would cost the whole list.
    if (wasJoin ? join : join ? !isJoinable : !/^[.#[:]/.test(part)) return;
    if (attribute && !SELECTOR_ATTRIBUTES.has(attribute.toLowerCase())) return;
    if (pseudo && !SELECTOR_PSEUDO.test(pseudo + (part.endsWith(")") ? "()" : ""))) return;
    const inner = not === undefined ? undefined : filterSelector(not, idPrefix, false);
    if (not !== undefined && inner === undefined) return;
    wasJoin = Boolean(join);
    at += part.length;
    kept.push(inner === undefined ? withOwnId(part, idPrefix) : `:not(${inner})`);
  }
  return wasJoin ? undefined : kept.join("");
}

const withOwnId = (part: string, idPrefix: string): string =>
  part.replace(/^(#|\[ ?id ?[~|^]?= ?["']?)(.+)/i, (_, before, id) => before + prefixed(id, idPrefix));

/** Once is enough, so that what was filtered filters to itself. */
export const prefixed = (id: string, prefix: string): string => (id.startsWith(prefix) ? id : prefix + id);
