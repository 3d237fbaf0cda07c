import { prefixed } from "./css.ts";
import { LINK, UNSHOWN_LINK } from "./markup.ts";
import { decode } from "./references.ts";

/** Keeps a mail's ids distinct from those of a page that embeds the markup. */
export const ID_PREFIX = "mail-";

/** A transparent pixel in place of a blocked image. It fills the space that the image's attributes reserve. */
export const BLOCKED_IMAGE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

/** An invalid image: browsers show the alternative text instead. */
const UNREADABLE_IMAGE = "data:image/gif;base64,";

/** The replacement for a blocked image. Without a height, the pixel would become as high as the image is wide. */
export const blockedImage = (alt: string, height: string): string =>
  alt.trim() || !/^\s*\d/.test(height) ? UNREADABLE_IMAGE : BLOCKED_IMAGE;

/** Browsers ignore control characters in a URL. */
const withoutControls = (address: string): string => address.replace(/\p{Cc}/gu, "").trim();

/** The start of an absolute URL without character references. */
const LITERAL = /^(?:[a-z][a-z\d+.-]*:|\/\/|www\.)/i;

/** Applies a rule to a URL. References are decoded first if they may hide the scheme. A browser reads both the same. */
function byRule(source: string, rule: (address: string) => string | undefined): string | undefined {
  const address = withoutControls(source);
  if (!address.includes("&") || LITERAL.test(address)) return rule(address);
  return rule(withoutControls(decode(address)))?.replaceAll("&", "&amp;");
}

/** Maximum length of a base URL: every relative link repeats it, so a long one could multiply the size of a mail. */
const MAX_BASE = 128;

/** @returns the base URL in the `href` of a `<base>`, if it is usable */
export const baseOf = (href: string): string | undefined =>
  byRule(href, (address) =>
    /^https?:\/\//i.test(address) && address.length <= MAX_BASE ? address : undefined,
  );

/** A URL that begins with a host name rather than a file name: `example.org/x`, not `index.html`. */
const HOST =
  /^(?:[\w-]+\.)+(?!(?:html?|php|aspx?|jsp|pdf|png|jpe?g|gif|docx?|xlsx?|pptx?|txt|zip|eml|ics)(?:[/?#]|$))[a-z]{2,24}(?::\d+)?(?:[/?#]|$)/i;

function absolute(address: string, base: string | undefined): string | undefined {
  if (/^www\./i.test(address)) return `https://${address}`;
  if (address.startsWith("//")) return `https:${address}`;
  return resolve(address, base) ?? (HOST.test(address) ? `https://${address}` : undefined);
}

const resolve = (address: string, base: string | undefined): string | undefined =>
  base && address && !LITERAL.test(address) ? URL.parse(address, base)?.href : undefined;

/**
 * The attributes of a link. A link to a fragment of the mail stays in the frame: `about:srcdoc` is the document's own
 * URL there, and without it a browser would navigate away (HTML, "fallback base URL"). A removed link keeps its URL as
 * `title`.
 */
export function linkAttributes(href: string, base: string | undefined): [string, string][] {
  const literal = withoutControls(href);
  if (literal === "" || literal === "#") return [];
  const fragment = /^(?:about:srcdoc)?#(.+)$/i.exec(literal)?.[1];
  if (fragment) {
    return [
      ["href", `about:srcdoc#${prefixed(fragment, ID_PREFIX)}`],
      ["target", "_self"],
    ];
  }
  const link = byRule(href, (address) => (LINK.test(address) ? address : absolute(address, base)));
  if (link) {
    return [
      ["href", link],
      ["rel", "noopener noreferrer"],
    ];
  }
  const address = withoutControls(decode(href));
  const isUnshown = UNSHOWN_LINK.test(address.replace(/\s/g, ""));
  return isUnshown ? [] : [["title", address.replaceAll("&", "&amp;")]];
}

/** @returns the URL with https: http would be mixed content, and the policy allows https only */
export const remoteImage = (source: string, base: string | undefined): string | undefined =>
  byRule(source, (address) => {
    const [, rest] = /^(?:https?:)?\/\/(.+)$/i.exec(address) ?? [];
    return rest ? `https://${rest}` : resolve(address, base)?.replace(/^http:/, "https:");
  });

/** Normalises a `data:` URL, so that all browsers read it the same. @returns only raster images in base64 */
function dataImage(address: string): string | undefined {
  const [, type = "", data = ""] =
    /^data:\s*image\/(?:x-)?(png|gif|webp|p?jpe?g)\s*(?:;[^;,]*)*;\s*base64\s*,([\s\S]*)$/i.exec(address) ??
    [];
  const bytes = data
    .replace(/%2b/gi, "+")
    .replace(/%2f/gi, "/")
    .replace(/%3d/gi, "=")
    .replace(/\s|%(?:20|09|0a|0d)/gi, "");
  if (!type || !/^[\w+/=]*$/.test(bytes)) return;
  return `data:image/${/^p?jpe?g$/i.test(type) ? "jpeg" : type.toLowerCase()};base64,${bytes}`;
}

/**
 * @param remote returns the URL for an image on another host, or undefined if it must not be loaded
 * @returns the `src`: `cid:…` for an inline image, a `data:` URL, a remote URL, or undefined
 */
export function imageSource(
  source: string,
  remote: (source: string) => string | undefined,
): string | undefined {
  const address = withoutControls(decode(source));
  if (/^cid:/i.test(address)) return `cid:${encodeURIComponent(contentId(address.slice(4)))}`;
  return dataImage(address) ?? remote(source);
}

function contentId(escaped: string): string {
  const id = escaped.toWellFormed();
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
