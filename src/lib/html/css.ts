import { ALLOWED_CSS, CSS_FUNCTIONS, IMAGE_CSS, SELECTOR_ATTRIBUTES, SELECTOR_PSEUDO } from "./markup.ts";

/** Returns the URL to load an image from, or undefined if it must not be loaded. */
export type ImageRule = (address: string) => string | undefined;

/** Strings, punctuation marks, and the text between them. */
const PIECE = /"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?|[{};()]|[^"'{};()]+/g;

/** An unclosed comment hides the rest, as in a browser. */
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
 * Keeps the allowed declarations of a list. The result loads only images that the rule allows, and moves no element over
 * other content. No value has `<`, an escape, or an unbalanced bracket or quote. Linear in the length.
 * @returns declarations as `name:value`
 */
export function filterDeclarations(source: string, image: ImageRule): string[] {
  const kept: string[] = [];
  let declaration = "";
  let depth = 0;
  const endDeclaration = () => {
    const colon = declaration.indexOf(":");
    const name = declaration.slice(0, Math.max(0, colon)).trim().toLowerCase();
    const value = ALLOWED_CSS.has(name) ? filterValue(name, declaration.slice(colon + 1), image) : "";
    if (value) kept.push(`${name}:${value}`);
    declaration = "";
  };
  for (const piece of withoutComments(source).match(PIECE) ?? []) {
    if (piece === "(") depth++;
    if (piece === ")") depth--;
    if (piece === ";" && depth <= 0) endDeclaration();
    else declaration += piece;
  }
  endDeclaration();
  return kept;
}

/** @returns the value in lower case, except for image URLs; "" if it is not allowed */
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

/** True if each bracket belongs to a function that only computes, and is closed. */
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
 * Filters a style sheet: keeps allowed selectors and declarations, and `@media`. All other at-rules are removed, among
 * them `@import` and `@font-face`. Ids get the same prefix as in the mail's markup. The result has no `<`, so it is
 * safe inside `<style>`. Idempotent, and linear in the length.
 */
export function filterSheet(source: string, idPrefix: string, image: ImageRule): string {
  const pieces =
    withoutComments(source)
      .replace(/<!--|-->/g, " ")
      .match(PIECE) ?? [];
  let at = 0;

  /** Reads up to and including the closing bracket. @returns the block's own text, without nested blocks */
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

/** @returns the rules inside a media query; "" if there are none, or the query has unexpected characters */
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

/** A simple selector or a combinator. */
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

/** Keeps the allowed selectors of a list. One that is not allowed does not affect the others. */
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
    // A browser drops the whole rule for one invalid selector.
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

/** Adds the prefix once, so that filtering is idempotent. */
export const prefixed = (id: string, prefix: string): string => (id.startsWith(prefix) ? id : prefix + id);
