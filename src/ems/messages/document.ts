import type { SanitizedMail } from "./html.ts";
import { escapeAttribute, escapeText } from "./references.ts";

/** Plain text as a mail, with its line breaks. */
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
 * A whole document, safe by itself: a frontend that puts it into `srcdoc` leaves our response's headers behind. The
 * mail's own sheet comes after ours and wins over it.
 */
export const toDocument = (mail: SanitizedMail, policy: string): string =>
  `<!doctype html>
<html${mail.htmlAttributes}><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeAttribute(policy)}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<base target="_blank">
<style>head{display:none!important}body{margin:8px;font:14px/1.5 sans-serif;overflow-wrap:break-word}img{max-width:100%}</style>
${mail.sheet && `<style>${mail.sheet}</style>\n`}</head><body${mail.bodyAttributes}>${mail.body}</body></html>
`;
