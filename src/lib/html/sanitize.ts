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

/** The safe parts of a mail's HTML. */
export interface SanitizedMail {
  /** Markup for `<body>`. */
  body: string;
  /** The content of a `<style>`, without `<`. */
  sheet: string;
  /** Attributes for `<html>` and `<body>`, each with a leading space. */
  htmlAttributes: string;
  bodyAttributes: string;
}

/** Maximum characters of all sheets of a mail. A sheet that would exceed it is left out. */
const MAX_SHEETS = 256 * 1024;

/**
 * Removes everything from a mail that is not on the allow lists: scripts, loads, forms, overlays. Inline images become
 * `<img src="cid:…">`, for `placeImages`. The body has no raw text elements, no foreign content, and `<` only at the
 * start of an allowed tag. So no browser can parse it differently (mutation XSS). Idempotent.
 * @param remoteImages whether images on other hosts may be loaded, which tells their senders when the mail is read
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

/** The content of a raw text element, as far as a browser shows it. */
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

/** Keeps a tag's allowed attributes, each once and quoted, with checked URLs. */
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

/** Only the sanitiser writes `<img`, so no text or attribute of a mail can match. */
const CID_IMAGE = /<img src="cid:([^"]*)"/g;

/** The Content-IDs of the images in sanitised markup. */
export const contentIdsIn = (sanitized: string): string[] => [
  ...new Set(Array.from(sanitized.matchAll(CID_IMAGE), ([, id = ""]) => decodeURIComponent(id))),
];

/** Replaces Content-IDs by URLs. @param urls by Content-ID; an image without one becomes a transparent pixel */
export const placeImages = (sanitized: string, urls: Map<string, string>): string =>
  sanitized.replace(CID_IMAGE, (_, id: string) => {
    const url = urls.get(decodeURIComponent(id)) ?? BLOCKED_IMAGE;
    return `<img src="${escapeAttribute(url.replaceAll("&", "&amp;"))}"`;
  });

/**
 * Turns sanitised markup into markup for an outbound mail, with the original Content-IDs of its images.
 * @param sentAlong false if the mail does not include the images: each becomes a transparent pixel
 */
export const exposeContentIds = (sanitized: string, sentAlong: boolean): string =>
  sanitized.replace(CID_IMAGE, (_, id: string) => {
    const source = sentAlong ? `cid:${decodeURIComponent(id).replaceAll("&", "&amp;")}` : BLOCKED_IMAGE;
    return `<img src="${escapeAttribute(source)}"`;
  });
