import { escapeAttribute, escapeText } from "./references.ts";
import type { SanitizedMail } from "./sanitize.ts";

/** Turns plain text into a mail that keeps its line breaks. */
export const textToMail = (text: string): SanitizedMail => ({
  body: text && textToHtml(text),
  sheet: "",
  htmlAttributes: "",
  bodyAttributes: "",
});

const textToHtml = (text: string): string =>
  `<pre dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere;font:inherit">\n${escapeText(
    text.replaceAll("\0", ""),
  )}</pre>`;

/** The Content-Security-Policy of a mail's document: it may load its images and nothing else. */
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
 * Makes a complete document that is safe without our response headers: a frontend may put it into `srcdoc`. The mail's
 * own sheet follows ours and always wins, because our selectors have no specificity. Most newsletters rely on a doctype
 * that leaves no gap under an image alone in its cell. A frame ignores that doctype, so a rule removes the gap.
 */
export const toDocument = (mail: SanitizedMail, policy: string): string =>
  `<!doctype html>
<html${mail.htmlAttributes}><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeAttribute(policy)}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<base target="_blank">
<style>head{display:none!important}:where(body){font:14px/1.5 sans-serif;overflow-wrap:break-word}:where(img){display:inline-block;max-width:100%}:where(td>img:only-child,td>a:only-child>img){vertical-align:middle}</style>
${mail.sheet && `<style>${mail.sheet}</style>\n`}</head><body${mail.bodyAttributes}>${mail.body}</body></html>
`;
