import { useEffect, useLayoutEffect, useRef } from "react";
import { setDirection, withoutAuto } from "./direction.ts";
import { hideFrom, quoteIn } from "./html-quote.ts";
import { writeTo } from "./mailto.ts";
import { watchSwipe } from "./swipe.ts";

interface Props {
  /** A document of `GET /messages/{id}/html`. */
  html: string;
  /** What it is, for screen readers. */
  title: string;
  /** Whether older messages that it quotes are folded away. */
  foldsQuotes: boolean;
  isQuoteShown: boolean;
  /** Told when the document is there: whether it has a folded quote. */
  onQuote: (hasQuote: boolean) => void;
}

/** A taller mail scrolls inside its frame. */
const MAX_HEIGHT = 200_000;

/**
 * The HTML of a mail, as high as it is.
 *
 * Security: the frame has no `allow-scripts`, so nothing in a mail runs, whatever the API's sanitiser missed. It has
 * `allow-same-origin`, which gives a mail nothing without scripts, and lets this page measure it, fold its quotes and
 * hear its keys. The mail's own policy, inside the document, says whether images may load. It is a blob and no `srcdoc`:
 * there Chromium tells the hosts of background images where this page is, whatever the policy says.
 */
export function MailFrame({ html, title, foldsQuotes, isQuoteShown, onQuote }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLIFrameElement>(null);
  const shown = useRef<Document | null>(null);
  const fold = useRef<Fold | null>(null);
  const latest = useRef({ isQuoteShown, onQuote });
  latest.current = { isQuoteShown, onQuote };

  useLayoutEffect(() => {
    const [element, outer] = [frame.current, box.current];
    if (!element || !outer) return;
    const url = URL.createObjectURL(new Blob([withoutAuto(html)], { type: "text/html;charset=utf-8" }));
    let leave = () => {};
    let waiting = 0;
    const adopt = () => {
      cancelAnimationFrame(waiting);
      const inner = element.contentDocument;
      if (inner && inner === shown.current) return;
      if (inner?.URL !== url || inner.readyState === "loading") {
        waiting = requestAnimationFrame(adopt);
        return;
      }
      shown.current = inner;
      setDirection(inner);
      fold.current = foldsQuotes ? foldQuote(inner.body) : null;
      fold.current?.(latest.current.isQuoteShown);
      latest.current.onQuote(fold.current !== null);
      outer.dataset.state = "shown";
      leave = serve(inner, element, outer);
    };
    const onLoad = () => {
      adopt();
      if (shown.current) resize(shown.current, element, outer);
    };
    element.addEventListener("load", onLoad);
    element.src = url;
    waiting = requestAnimationFrame(adopt);
    return () => {
      cancelAnimationFrame(waiting);
      element.removeEventListener("load", onLoad);
      leave();
      URL.revokeObjectURL(url);
    };
  }, [html, foldsQuotes]);

  useEffect(() => {
    fold.current?.(isQuoteShown);
    if (shown.current && frame.current && box.current) resize(shown.current, frame.current, box.current);
  }, [isQuoteShown]);

  return (
    <div ref={box} className="mail-frame">
      <iframe
        ref={frame}
        title={title}
        sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
        referrerPolicy="no-referrer"
      />
    </div>
  );
}

type Fold = (isShown: boolean) => void;

function foldQuote(body: HTMLElement): Fold | null {
  const start = quoteIn(body);
  return start && hideFrom(start, body);
}

/**
 * Makes the frame as high as its document. The document is measured in a frame without height, so that what takes its
 * height from the frame cannot make it grow for ever. The box keeps its height meanwhile: nothing around it moves.
 */
function resize(inner: Document, frame: HTMLIFrameElement, box: HTMLElement): void {
  const root = inner.documentElement;
  if (!root || !frame.isConnected) return;
  frame.style.height = "0";
  // One more, since heights are rounded.
  const height = Math.min(root.scrollHeight + 1, MAX_HEIGHT);
  box.style.height = `${height}px`;
  frame.style.height = "";
  // A finger that moves sideways goes back, as around the mail, unless it scrolls the mail.
  root.style.touchAction = root.scrollWidth > root.clientWidth ? "" : "pan-y pinch-zoom";
  const scrollbar = frame.clientHeight - root.clientHeight;
  if (scrollbar > 0) box.style.height = `${height + scrollbar}px`;
}

/** Serves a mail's document: its height, keys and links. @returns what ends that */
function serve(inner: Document, frame: HTMLIFrameElement, box: HTMLElement): () => void {
  resize(inner, frame, box);
  const sizes = new ResizeObserver(() => resize(inner, frame, box));
  for (const element of [box, inner.documentElement, inner.body]) sizes.observe(element);
  inner.addEventListener("keydown", (event) => passKey(event, frame));
  inner.addEventListener("click", followLink);
  const stop = watchSwipe(inner, frame);
  return () => {
    stop();
    sizes.disconnect();
  };
}

/** Keys that are pressed in a mail are commands of the page, too. */
function passKey(event: KeyboardEvent, frame: HTMLIFrameElement): void {
  const isOfLink = (event.key === "Enter" || event.key === " ") && linkOf(event);
  if (isOfLink) return;
  const { key, code, ctrlKey, metaKey, shiftKey, altKey, repeat, isComposing } = event;
  const same = { key, code, ctrlKey, metaKey, shiftKey, altKey, repeat, isComposing };
  const copy = new KeyboardEvent("keydown", { ...same, bubbles: true, cancelable: true });
  if (!frame.dispatchEvent(copy)) event.preventDefault();
}

// Not `instanceof`: the frame has classes of its own.
const linkOf = ({ target }: Event): HTMLAnchorElement | null =>
  (target as Element).closest?.("a[href]") ?? null;

/** Other links open in a new tab by themselves: the document has `<base target="_blank">`. */
function followLink(event: MouseEvent): void {
  const link = linkOf(event);
  if (!link) return;
  const { href } = link;
  const fragment = /^(?:about:srcdoc|blob:[^#]*)#(.+)$/.exec(href)?.[1];
  if (fragment) {
    event.preventDefault();
    link.ownerDocument.getElementById(decodeURIComponent(fragment))?.scrollIntoView({ block: "start" });
  } else if (/^mailto:/i.test(href)) {
    event.preventDefault();
    writeTo(href);
  }
}
