import xss from "xss";
import { ALLOWED_CSS, ALLOWED_TAGS, CSS_FUNCTIONS, DROPPED_WITH_CONTENT } from "./markup.ts";

// CommonJS: not every runtime finds its names, and its types put them beside the default export only.
const { FilterXSS } = xss as unknown as typeof import("xss");

/** One transparent dot, in place of every image that must not be loaded. */
const BLOCKED_IMAGE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

const escapeHtml = (text: string): string => text.replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** References are left as they are: to a browser, value and result are the same text. */
const escapeAttribute = (value: string): string => escapeHtml(value).replaceAll('"', "&quot;");

const NAMED: Record<string, string> = { amp: "&", apos: "'", quot: '"', lt: "<", gt: ">" };

/** The few references that mail programs write into styles and Content-IDs; all others stay as they are. */
const decode = (value: string): string =>
  value.replace(
    /&(?:#x([\da-f]{1,6})|#(\d{1,7})|(amp|apos|quot|lt|gt));/gi,
    (reference, hex, decimal, name) => {
      if (name) return NAMED[name.toLowerCase()] ?? reference;
      const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : reference;
    },
  );

/**
 * A value of the list's properties, or nothing. No escapes, no further declarations, no references that a browser
 * would still decode, and no function that loads: so no spelling of url() or expression() gets by.
 */
function safeCssValue(property: string, value: string): string {
  const kept = property === "background" ? value.replace(/url\([^()]*\)/g, "").trim() : value;
  if (!/^[\p{L}\p{N}\s_#%.,()'/!+-]*$/u.test(kept)) return "";
  if (kept.split("'").length % 2 === 0) return "";
  return kept
    .split("(")
    .slice(0, -1)
    .every((before) => CSS_FUNCTIONS.test(before))
    ? kept
    : "";
}

const tagFilter = new FilterXSS({
  allowList: ALLOWED_TAGS,
  css: { whiteList: ALLOWED_CSS, safeAttrValue: safeCssValue },
  safeAttrValue: (_tag, name, value, css) => escapeAttribute(name === "style" ? css.process(value) : value),
});

/**
 * The mail's markup without anything that runs, loads, submits or covers: what is not on the lists goes. Images
 * sent along become `<img src="cid:…">`, for `placeImages`. The result contains no raw text element and no foreign
 * content, and `<` only where a tag of the list begins: so a browser has no way to read it differently (mutation
 * XSS). It sanitises to itself.
 * @param remoteImages whether images of other hosts may be loaded, which tells their senders when a mail is read
 */
export function sanitizeHtml(html: string, remoteImages: boolean): string {
  let dropping: string | null = null;
  const filter = new FilterXSS({
    allowList: {},
    css: false,
    escapeHtml: (text) => (dropping === null ? escapeHtml(text) : ""),
    onTag(tag, source, { isClosing }) {
      if (dropping !== null) {
        if (isClosing && tag === dropping) dropping = null;
        return "";
      }
      if (DROPPED_WITH_CONTENT.has(tag)) {
        if (!isClosing && !source.endsWith("/>")) dropping = tag;
        return "";
      }
      const name = tag === "body" ? "div" : tag;
      if (!Object.hasOwn(ALLOWED_TAGS, name)) return /^<[a-z/!?]/i.test(source) ? "" : escapeHtml(source);
      if (isClosing) return `</${name}>`;
      const attributes = attributesOf(tag, source, remoteImages);
      return attributes ? tagFilter.process(`<${name}${attributes}>`) : `<${name}>`;
    },
  });
  return filter.process(html.replaceAll("\0", ""));
}

const ATTRIBUTE = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;

const CHECKED = new Set(["src", "href", "rel", "background", "style"]);

/**
 * A tag's attributes of the list, each once, in quotes, with addresses checked. The library's own parser takes
 * time that grows with the square of a tag's blanks, so it gets tags that have few.
 */
function attributesOf(tag: string, source: string, remoteImages: boolean): string {
  if (source.length <= tag.length + 2) return "";
  const allowed = tag === "body" ? ["bgcolor", "style"] : (ALLOWED_TAGS[tag] ?? []);
  const found = new Map<string, string>();
  for (const [, name = "", double, single, bare] of source.slice(tag.length + 1).matchAll(ATTRIBUTE)) {
    const key = name.toLowerCase();
    if (allowed.includes(key) && !found.has(key)) found.set(key, double ?? single ?? bare ?? "");
  }
  const image = tag === "img" ? imageSource(found.get("src") ?? "", remoteImages) : undefined;
  const link = linkTarget(found.get("href") ?? "");
  const background = remoteImages ? remoteImage(found.get("background") ?? "") : undefined;
  const color = tag === "body" && found.has("bgcolor") ? `background-color:${found.get("bgcolor")};` : "";
  const style = color + decode(found.get("style") ?? "");
  const attributes = [...found].filter(([name]) => !CHECKED.has(name));
  if (image) attributes.unshift(["src", image]); // first, so that `placeImages` finds it
  if (link) attributes.push(["href", link], ["rel", "noopener noreferrer"]);
  if (background) attributes.push(["background", background]);
  if (style || found.has("style")) attributes.push(["style", normalizeCss(style)]);
  return attributes.map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`).join("");
}

/** The library takes a line break for the end of a declaration, a capital for another property. */
const normalizeCss = (style: string): string => style.replace(/\s/g, " ").replaceAll('"', "'").toLowerCase();

/** Browsers pass over these in an address. */
const withoutControls = (address: string): string => address.replace(/\p{Cc}/gu, "").trim();

function linkTarget(href: string): string | undefined {
  const address = withoutControls(href);
  return /^(https?:\/\/|mailto:|tel:)/i.test(address) ? address : undefined;
}

/** Over TLS whatever the mail says: http would be mixed content, and the policy allows https only. */
function remoteImage(src: string): string | undefined {
  const [, rest] = /^(?:https?:)?\/\/(.+)$/i.exec(withoutControls(src)) ?? [];
  return rest && `https://${rest}`;
}

function imageSource(src: string, remoteImages: boolean): string {
  const address = withoutControls(src);
  if (/^cid:/i.test(address)) return `cid:${encodeURIComponent(contentId(address.slice(4)))}`;
  if (/^data:image\/(png|jpe?g|gif|webp);base64,[\w+/= ]*$/i.test(address)) return address;
  return (remoteImages && remoteImage(src)) || BLOCKED_IMAGE;
}

function contentId(escaped: string): string {
  const id = decode(escaped).toWellFormed();
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
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

/** Plain text as markup, with its line breaks. */
export const textToHtml = (text: string): string =>
  `<pre dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere;font:inherit">\n${escapeHtml(
    text.replaceAll("\0", "").replaceAll("&", "&amp;"),
  )}</pre>`;

/** What a mail's document may load: its images, and nothing else. */
export const contentPolicy = (imageOrigins: string[], remoteImages: boolean): string =>
  [
    "default-src 'none'",
    `img-src ${[...imageOrigins, "data:", ...(remoteImages ? ["https:"] : [])].join(" ")}`,
    "style-src 'unsafe-inline'",
    "font-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
  ].join("; ");

/**
 * A whole document, safe by itself: a frontend that puts it into `srcdoc` leaves our response's headers behind.
 * @param body sanitised markup
 */
export const toDocument = (body: string, policy: string): string =>
  `<!doctype html>
<html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeAttribute(policy)}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<base target="_blank">
<style>body{margin:8px;font:14px/1.5 sans-serif;overflow-wrap:break-word}img{max-width:100%}</style>
</head><body>${body}</body></html>
`;
