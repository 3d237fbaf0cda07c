// HTML that goes into the page comes from a clipboard, a colleague's draft or a stranger's mail. It is copied by an
// allow-list, so that it can neither run a script nor ask another host nor leave its place.

const BLOCKS = "DIV P UL OL LI BLOCKQUOTE PRE H1 H2 H3 HR TABLE THEAD TBODY TR TD TH BR";
const INLINE = "A B STRONG I EM U S SUB SUP SPAN CODE";
const ALLOWED = new Set(`${BLOCKS} ${INLINE}`.split(" "));
/** What is left out with all that is in it. */
const DROPPED = new Set(
  "SCRIPT STYLE HEAD TITLE TEMPLATE NOSCRIPT IFRAME OBJECT EMBED SVG MATH AUDIO VIDEO CANVAS SELECT TEXTAREA BUTTON".split(
    " ",
  ),
);
const MAX_DEPTH = 100;

/** Where this page finds the images of mails: by `cid`, or by the number of an upload that still runs. */
const pictures = new Map<string, string>();

/** Makes an image known, so that a mail that names it shows it. @param name its content id */
export const keepPicture = (name: string, url: string): void => void pictures.set(name, url);

export const isKnownPicture = (name: string): boolean => pictures.has(name);

const parse = (html: string): HTMLElement => new DOMParser().parseFromString(html, "text/html").body;

/** Copies what may be in a mail that is written. */
export function cleanFragment(html: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  copyChildren(parse(html), fragment, 0);
  return fragment;
}

function copyChildren(from: Node, to: Node, depth: number): void {
  for (const node of from.childNodes) {
    if (node instanceof Text || node.nodeType === Node.TEXT_NODE)
      to.appendChild(document.createTextNode(node.nodeValue ?? ""));
    else if (node.nodeType === Node.ELEMENT_NODE) copyElement(node as HTMLElement, to, depth);
  }
}

function copyElement(element: HTMLElement, to: Node, depth: number): void {
  const { tagName } = element;
  if (DROPPED.has(tagName) || tagName.includes(":")) return;
  if (tagName === "IMG") copyImage(element, to);
  else if (ALLOWED.has(tagName) && depth < MAX_DEPTH) copyAllowed(element, to, depth);
  else copyChildren(element, to, depth);
}

function copyAllowed(element: HTMLElement, to: Node, depth: number): void {
  const { tagName } = element;
  const copy = document.createElement(tagName);
  for (const name of ["dir", "colspan", "rowspan"]) {
    const value = element.getAttribute(name);
    if (value && /^\w{1,4}$/.test(value)) copy.setAttribute(name, value);
  }
  const href = element.getAttribute("href") ?? "";
  if (tagName === "A" && /^(https?:|mailto:|tel:)/i.test(href)) copy.setAttribute("href", href);
  const { textAlign } = element.style;
  if (/^(left|right|center)$/.test(textAlign)) copy.style.textAlign = textAlign;
  copyChildren(element, copy, depth + 1);
  to.appendChild(copy);
}

/** Only images that the mail brings along are kept. */
function copyImage(element: HTMLElement, to: Node): void {
  const cid = element.dataset.cid ?? element.getAttribute("src")?.match(/^cid:(.+)$/i)?.[1];
  const name = cid ?? element.dataset.upload;
  if (!name) return;
  const copy = document.createElement("img");
  if (cid) copy.dataset.cid = cid;
  else copy.dataset.upload = name;
  copy.alt = element.getAttribute("alt") ?? "";
  const url = pictures.get(name);
  if (url) copy.src = url;
  to.appendChild(copy);
}

/** The HTML of a mail from that of the editor. Images whose upload still runs are left out. */
export function toMailHtml(editorHtml: string): string {
  const body = parse(editorHtml);
  for (const image of body.querySelectorAll("img")) {
    const { cid } = image.dataset;
    if (!cid) image.remove();
    else image.setAttribute("src", `cid:${cid}`);
    image.removeAttribute("data-cid");
  }
  return isBlank(body) ? "" : body.innerHTML;
}

const isBlank = (body: HTMLElement): boolean =>
  !body.textContent?.trim() && !body.querySelector("img, hr, li, table");

/** The content ids that a mail's HTML shows. */
export const cidsIn = (html: string): Set<string> =>
  new Set([...html.matchAll(/\bsrc="cid:([^"]+)"/gi)].map(([, cid]) => cid ?? ""));

const QUOTE = "xabar_quote";

/** The body of a mail: what was typed, and below it what is quoted. */
export const joinBody = ({ text, quote }: { text: string; quote: string }): string =>
  quote ? `${text}<div class="${QUOTE}">${quote}</div>` : text;

/** Takes the body of a mail apart again. */
export function splitBody(html: string): { text: string; quote: string } {
  const body = parse(html);
  const last = body.lastElementChild;
  if (last?.className !== QUOTE) return { text: html, quote: "" };
  last.remove();
  return { text: body.innerHTML, quote: last.innerHTML };
}

/** A quote as a document for a sandboxed frame, with its images. */
export function quoteDocument(quote: string): string {
  const body = quote.replace(/\bsrc="cid:([^"]+)"/gi, (whole, cid) => {
    const url = pictures.get(cid);
    return url ? `src="${url}"` : whole;
  });
  const style =
    "body{margin:12px;font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}img{max-width:100%}";
  return `<!doctype html><meta charset="utf-8"><base target="_blank"><style>${style}</style>${body}`;
}

/** Text as HTML: each line a block, as the editor makes them. */
export function textToHtml(text: string): string {
  const escaped = (line: string) => line.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return text
    .split("\n")
    .map((line) => `<div>${escaped(line) || "<br>"}</div>`)
    .join("");
}

/** The text of a mail's HTML, for a preview. */
export const previewOf = (html: string): string =>
  (parse(html).textContent ?? "").replace(/\s+/g, " ").trim();
