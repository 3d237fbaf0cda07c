import { filterDeclarations, filterSheet, type ImageRule, inMedia, prefixed } from "./css.ts";
import {
  BLOCKED_IMAGE,
  baseOf,
  blockedImage,
  ID_PREFIX,
  imageSource,
  linkAttributes,
  remoteImage,
} from "./links.ts";
import { ALLOWED_ROOT_ATTRIBUTES, ALLOWED_TAGS } from "./markup.ts";
import { decode, escapeAttribute, escapeHtml, escapeText } from "./references.ts";
import { type Attributes, type HtmlToken, readHtml } from "./tokens.ts";

/** What of a mail's HTML may be shown. */
export interface SanitizedMail {
  /** Markup that stands in `<body>`. */
  body: string;
  /** For a `<style>`: it contains no `<`. */
  sheet: string;
  /** For `<html>` and `<body>`: none, or each after a blank. */
  htmlAttributes: string;
  bodyAttributes: string;
}

/** In characters, of all the sheets of a mail. One with which they would be more is left out. */
const MAX_SHEETS = 256 * 1024;

/**
 * The mail's markup without anything that runs, loads, submits or covers: what is not on the lists goes. Images
 * sent along become `<img src="cid:…">`, for `placeImages`. The body contains no raw text element and no foreign
 * content, and `<` only where a tag of the list begins: so a browser has no way to read it differently (mutation
 * XSS). It sanitises to itself. The sheet is of the mail's own rules alone.
 * @param remoteImages whether images of other hosts may be loaded, which tells their senders when a mail is read
 */
export function sanitizeMail(html: string, remoteImages: boolean): SanitizedMail {
  const body: string[] = [];
  const sheets: string[] = [];
  const roots = { html: new Map<string, string>(), body: new Map<string, string>() };
  let base: string | undefined;
  let left = MAX_SHEETS;
  const image: ImageRule = (address) => (remoteImages ? remoteImage(address, base) : undefined);

  const take = (token: HtmlToken): void => {
    if (token.type === "text") body.push(escapeHtml(token.text));
    else if (token.type === "raw" && token.name === "style") {
      if (token.text.length > left) return;
      left -= token.text.length;
      sheets.push(sheetOf(token.text, token.attributes, image));
    } else if (token.type === "raw") body.push(shownText(token.name, token.text));
    else if (Object.hasOwn(ALLOWED_TAGS, token.name)) {
      if (token.type === "end") body.push(`</${token.name}>`);
      else body.push(`<${token.name}${filterAttributes(token, ALLOWED_TAGS[token.name]!, base, image)}>`);
    } else if (token.type === "end") return;
    else if (token.name === "base") base ??= baseOf(token.attributes.get("href") ?? "");
    else if (token.name === "html" || token.name === "body") {
      const root = roots[token.name];
      for (const [name, value] of token.attributes) if (!root.has(name)) root.set(name, value);
    }
  };

  for (const token of readHtml(html.replaceAll("\0", ""))) take(token);
  if (!roots.html.has("dir") && !roots.body.has("dir")) roots.body.set("dir", "auto");
  const rootAttributes = (name: "html" | "body") =>
    filterAttributes({ name, attributes: roots[name] }, ALLOWED_ROOT_ATTRIBUTES[name]!, base, image);
  return {
    body: body.join(""),
    sheet: sheets.filter(Boolean).join("\n"),
    htmlAttributes: rootAttributes("html"),
    bodyAttributes: rootAttributes("body"),
  };
}

/** The body of `sanitizeMail` alone. */
export const sanitizeHtml = (html: string, remoteImages: boolean): string =>
  sanitizeMail(html, remoteImages).body;

/** The text of an element that holds no markup, where a browser shows it. */
function shownText(name: string, text: string): string {
  if (name === "textarea") return escapeHtml(text);
  return name === "xmp" || name === "plaintext" ? escapeText(text) : "";
}

function sheetOf(source: string, attributes: Attributes, image: ImageRule): string {
  const type = attributes.get("type")?.trim().toLowerCase();
  if (type && type !== "text/css") return "";
  const rules = filterSheet(source, ID_PREFIX, image);
  const media = decode(attributes.get("media") ?? "");
  return media.trim() ? inMedia(media, rules) : rules;
}

const CHECKED = new Set(["src", "href", "name", "background", "style"]);

/** A tag's attributes of the list, each once, in quotes, with addresses checked. */
function filterAttributes(
  { name: tag, attributes: found }: { name: string; attributes: Attributes },
  allowed: string[],
  base: string | undefined,
  image: ImageRule,
): string {
  if (found.size === 0 && tag !== "img") return "";
  const has = (name: string) => allowed.includes(name) && found.has(name);
  const sourceOf = (name: string) => found.get(name) ?? "";
  const kept = [...found].filter(([name]) => allowed.includes(name) && !CHECKED.has(name));
  const id = sourceOf("id") || (has("name") && sourceOf("name"));
  const attributes = new Map(kept);
  if (id) attributes.set("id", prefixed(id, ID_PREFIX));
  else attributes.delete("id");
  if (has("href")) {
    for (const [name, value] of linkAttributes(sourceOf("href"), base)) {
      if (!attributes.get(name)) attributes.set(name, value);
    }
  }
  const background = has("background") && image(sourceOf("background"));
  if (background) attributes.set("background", background);
  const style = has("style") && filterDeclarations(decode(sourceOf("style")), image);
  if (style && style.length > 0) attributes.set("style", `${style.join("; ").replaceAll("&", "&amp;")};`);
  // First, so that `placeImages` finds it.
  const source = () =>
    imageSource(sourceOf("src"), image) ?? blockedImage(sourceOf("alt"), sourceOf("height"));
  return [...(tag === "img" ? [["src", source()]] : []), ...attributes]
    .map(([name, value]) => (value ? ` ${name}="${escapeAttribute(value)}"` : ` ${name}`))
    .join("");
}

/** Only sanitising writes a `<` before `img`, so nothing in a mail's text or attributes looks like this. */
const CID_IMAGE = /<img src="cid:([^"]*)"/g;

/** The Content-IDs of the images that sanitised markup shows. */
export const contentIdsIn = (sanitized: string): string[] => [
  ...new Set(Array.from(sanitized.matchAll(CID_IMAGE), ([, id = ""]) => decodeURIComponent(id))),
];

/** @param urls by Content-ID; an image that has none there stays blank */
export const placeImages = (sanitized: string, urls: Map<string, string>): string =>
  sanitized.replace(CID_IMAGE, (_, id: string) => {
    const url = urls.get(decodeURIComponent(id)) ?? BLOCKED_IMAGE;
    return `<img src="${escapeAttribute(url.replaceAll("&", "&amp;"))}"`;
  });

/**
 * Sanitised markup for a mail that goes out: its images are shown by the Content-IDs that their parts have.
 * @param sentAlong false when the images do not go with it: then their places stay blank
 */
export const exposeContentIds = (sanitized: string, sentAlong: boolean): string =>
  sanitized.replace(CID_IMAGE, (_, id: string) => {
    const source = sentAlong ? `cid:${decodeURIComponent(id).replaceAll("&", "&amp;")}` : BLOCKED_IMAGE;
    return `<img src="${escapeAttribute(source)}"`;
  });
