import {
  HEAD_LENGTH,
  isAttribution,
  isForwarded,
  isFromLine,
  isMessageHead,
  isOriginalMark,
} from "./attribution.ts";

// Finds the messages that an HTML mail quotes below what was written, to fold them away.

/** What mail programs wrap a quote in. The API puts `mail-` before each id. */
const WRAPPERS = [
  ".gmail_quote_container, .gmail_quote, .yahoo_quoted, .protonmail_quote, .zmail_extra, .tutanota_quote",
  "#mail-isForwardContent, #mail-OLK_SRC_BODY_SECTION, #mail-mail-editor-reference-message-container",
  "blockquote",
].join(", ");

/** What stands above a quote that goes on to the end of the mail. */
const MARKS = "#mail-divRplyFwdMsg, #mail-appendonsend";

const BLOCKS =
  /^(?:ADDRESS|ARTICLE|ASIDE|BLOCKQUOTE|BODY|CENTER|DD|DIV|DL|DT|FIGURE|FOOTER|H[1-6]|HEADER|LI|MAIN|NAV|OL|P|PRE|SECTION|TABLE|TBODY|TD|TFOOT|TH|THEAD|TR|UL)$/;

const blockOf = (node: Node): Node | null => {
  for (let at: Node | null = node; at; at = at.parentNode) if (BLOCKS.test(at.nodeName)) return at;
  return null;
};

/** A mail with more is a report, and takes too long to search. */
const MAX_LEAVES = 50_000;

/** Texts, images and breaks, in order. */
function leavesOf(body: HTMLElement): (Text | HTMLElement)[] {
  const leaves: (Text | HTMLElement)[] = [];
  const walker = body.ownerDocument.createTreeWalker(body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node && leaves.length <= MAX_LEAVES; node = walker.nextNode())
    if (node.nodeType === Node.TEXT_NODE || /^(?:IMG|BR|HR)$/.test(node.nodeName))
      leaves.push(node as Text | HTMLElement);
  return leaves;
}

const isText = (node: Node): node is Text => node.nodeType === Node.TEXT_NODE;

/** True for what a reader sees: a word, or an image that is more than a dot. */
const isContent = (node: Text | HTMLElement): boolean =>
  isText(node)
    ? /[^\s\p{Cf}\p{Mn}]/u.test(node.data)
    : node.nodeName === "IMG" && Number(node.getAttribute("width") ?? 99) > 3;

/**
 * The node at which the quoted messages begin: it and all that follows can be hidden.
 * @returns null if nothing is quoted, if something is written below the quote, or if nothing would be left
 */
export function quoteIn(body: HTMLElement): Node | null {
  const leaves = leavesOf(body);
  const first = leaves.findIndex(isContent);
  const last = leaves.findLastIndex(isContent);
  if (first < 0 || leaves.length > MAX_LEAVES) return null;
  for (const { node, isMark } of candidatesIn(body, leaves)) {
    const start = indexFrom(leaves, node);
    if (start > last) continue;
    if (!isMark && (!node.contains(leaves[last]!) || hasAnswers(node, leaves.slice(start, last + 1))))
      continue;
    const cut = withAttribution(node, leaves, start);
    const cutAt = indexFrom(leaves, cut);
    const around = leaves.slice(Math.max(0, cutAt - 4), start + 6);
    const isHistory = cutAt > first && !around.some((leaf) => isText(leaf) && isForwarded(leaf.data));
    return isHistory ? cut : null;
  }
  return null;
}

/** The index of the first leaf in a node or after it. */
function indexFrom(leaves: Node[], node: Node): number {
  let [low, high] = [0, leaves.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isAtOrAfter(leaves[middle]!, node)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** True if something is written between or below the quotes in a wrapper: an answer line by line. */
function hasAnswers(wrapper: Node, leaves: (Text | HTMLElement)[]): boolean {
  if (wrapper.nodeName === "BLOCKQUOTE") return false;
  const isInQuote = (leaf: Node) => {
    const quote = leaf.parentElement?.closest("blockquote");
    return Boolean(quote && wrapper.contains(quote));
  };
  const quote = leaves.findIndex(isInQuote);
  return quote >= 0 && leaves.slice(quote).some((leaf) => isContent(leaf) && !isInQuote(leaf));
}

const isAtOrAfter = (leaf: Node, node: Node): boolean =>
  node === leaf ||
  (node.compareDocumentPosition(leaf) &
    (Node.DOCUMENT_POSITION_FOLLOWING | Node.DOCUMENT_POSITION_CONTAINED_BY)) !==
    0;

interface Candidate {
  node: Node;
  /** It is the beginning of a quote, not the whole of it. */
  isMark: boolean;
}

/** Only the first of each kind are tried: a mail made of thousands would keep the page busy. */
const MAX_CANDIDATES = 40;

/** Where a quote may begin, in order. */
function candidatesIn(body: HTMLElement, leaves: (Text | HTMLElement)[]): Candidate[] {
  const all = (selector: string) => [...body.querySelectorAll(selector)].slice(0, MAX_CANDIDATES);
  const found: Candidate[] = [
    ...all(WRAPPERS).map((node) => ({ node, isMark: false })),
    ...all(MARKS).map((node) => ({ node, isMark: true })),
  ];
  let heads = 0;
  for (const [at, leaf] of leaves.entries()) {
    if (heads === MAX_CANDIDATES) break;
    if (!isText(leaf) || leaf.data.length > HEAD_LENGTH) continue;
    const isHead = isFromLine(leaf.data);
    if (!isHead && !isOriginalMark(leaf.data)) continue;
    heads++;
    if (!isHead || isMessageHead(linesFrom(leaves, at)))
      found.push({ node: headBlock(leaf, body), isMark: true });
  }
  return found.sort((a, b) => (a.node === b.node ? 0 : isAtOrAfter(b.node, a.node) ? -1 : 1));
}

/** The text from a leaf on, as lines, as far as the headers of a message reach. */
function linesFrom(leaves: (Text | HTMLElement)[], start: number): string {
  let text = "";
  let block = blockOf(leaves[start]!);
  for (let at = start; at < leaves.length && text.length < HEAD_LENGTH; at++) {
    const leaf = leaves[at]!;
    const own = blockOf(leaf);
    if (own !== block || leaf.nodeName === "BR") text += "\n";
    block = own;
    if (isText(leaf)) text += leaf.data.replace(/\s+/g, " ");
  }
  return text;
}

/** The outermost element that begins with this leaf: Outlook draws a line above the headers with its border. */
function headBlock(leaf: Node, body: HTMLElement): Node {
  let node = leaf;
  while (node.parentNode && node.parentNode !== body && isFirst(node)) node = node.parentNode;
  return node;
}

function isFirst(node: Node): boolean {
  for (let before = node.previousSibling; before; before = before.previousSibling)
    if ((before.textContent ?? "").trim() !== "" || before.nodeName === "IMG") return false;
  return true;
}

/** Moves the beginning of a quote up to the line that says who wrote it. */
function withAttribution(node: Node, leaves: (Text | HTMLElement)[], start: number): Node {
  let line = "";
  let begin: Node | undefined;
  for (let at = start - 1; at >= 0 && at >= start - 40; at--) {
    const leaf = leaves[at]!;
    if (!isContent(leaf)) {
      if (line && leaf.nodeName === "BR") break;
      continue;
    }
    if (!isText(leaf) || (begin && blockOf(leaf) !== blockOf(begin))) break;
    line = leaf.data + line;
    begin = leaf;
  }
  return begin && isAttribution(line) ? begin : node;
}

/** Hides a node and all that follows it. @returns what shows it again, and hides it again */
export function hideFrom(start: Node, body: HTMLElement): (isShown: boolean) => void {
  const hidden = new Map<HTMLElement, string>();
  for (let node: Node | null = start; node && node !== body; node = node.parentNode) {
    let sibling: Node | null = node === start ? node : node.nextSibling;
    while (sibling) {
      const next: Node | null = sibling.nextSibling;
      const element = elementFor(sibling);
      hidden.set(element, element.getAttribute("style") ?? "");
      sibling = next;
    }
  }
  const toggle = (isShown: boolean) => {
    for (const [element, style] of hidden) {
      if (isShown) element.setAttribute("style", style);
      else element.style.setProperty("display", "none", "important");
    }
  };
  toggle(false);
  return toggle;
}

/** A text cannot be hidden, so it gets an element of its own. */
function elementFor(node: Node): HTMLElement {
  if (node.nodeType === Node.ELEMENT_NODE) return node as HTMLElement;
  const element = node.ownerDocument!.createElement("span");
  node.parentNode?.replaceChild(element, node);
  element.append(node);
  return element;
}
