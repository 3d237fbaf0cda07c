import { prefixed } from "./css.ts";
import { LINK, UNTOLD_LINK } from "./markup.ts";
import { decode } from "./references.ts";

/** Keeps a mail's ids apart from those of a page that takes the markup over. */
export const ID_PREFIX = "mail-";

/** One transparent dot, in place of an image that must not be loaded: it takes the room that its attributes give it. */
export const BLOCKED_IMAGE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

/** No browser can read it, and each shows the image's words in its place. */
const UNREADABLE_IMAGE = "data:image/gif;base64,";

/** Without a height, a dot that is as wide as the image would be as high as that too. */
export const blockedImage = (alt: string, height: string): string =>
  alt.trim() || !/^\s*\d/.test(height) ? UNREADABLE_IMAGE : BLOCKED_IMAGE;

/** Browsers pass over these in an address. */
const withoutControls = (address: string): string => address.replace(/\p{Cc}/gu, "").trim();

/** What tells the kind of an address, if no reference hides it. */
const LITERAL = /^(?:[a-z][a-z\d+.-]*:|\/\/|www\.)/i;

/** An address of plain kind keeps its references, any other is read first: to a browser that is the same. */
function byRule(source: string, rule: (address: string) => string | undefined): string | undefined {
  const address = withoutControls(source);
  if (!address.includes("&") || LITERAL.test(address)) return rule(address);
  return rule(withoutControls(decode(address)))?.replaceAll("&", "&amp;");
}

/** A longer one could make a mail of many short links many times longer. */
const MAX_BASE = 128;

/** @returns what relative addresses are relative to, of the `href` of a `<base>` */
export const baseOf = (href: string): string | undefined =>
  byRule(href, (address) =>
    /^https?:\/\//i.test(address) && address.length <= MAX_BASE ? address : undefined,
  );

/** A host name, but not a file's: `example.org/x`, not `index.html`. */
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
 * The attributes of a link. One to a place in the mail stays in the frame; there `about:srcdoc` is the document's own
 * address, without which a browser would leave it (HTML, "fallback base URL"). A link that is not kept tells its address
 * as `title`.
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
  const isUntold = UNTOLD_LINK.test(address.replace(/\s/g, ""));
  return isUntold ? [] : [["title", address.replaceAll("&", "&amp;")]];
}

/** @returns the address over TLS whatever the mail says: http would be mixed content, and the policy allows https only */
export const remoteImage = (source: string, base: string | undefined): string | undefined =>
  byRule(source, (address) => {
    const [, rest] = /^(?:https?:)?\/\/(.+)$/i.exec(address) ?? [];
    return rest ? `https://${rest}` : resolve(address, base)?.replace(/^http:/, "https:");
  });

/** @returns the image as one that no browser reads differently: the type and base64 of a picture of dots */
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
 * @param remote tells the address of an image of another host, or nothing where it may not be loaded
 * @returns what stands in `src`: `cid:…` of an image that was sent along, the image itself, its address, or nothing
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
