/** How far a finger must move to the right, in CSS pixels. */
const FAR = 90;

/** What a swipe to the right is told by, to all around where it happened. */
export const SWIPE_BACK = "xabar:back";

/**
 * Watches for a swipe to the right.
 * @param source where fingers are seen: an element, or the document of a mail
 * @param element where `SWIPE_BACK` is dispatched
 * @returns what ends the watch
 */
export function watchSwipe(source: HTMLElement | Document, element: HTMLElement): () => void {
  let start: { x: number; y: number } | null = null;
  const begin = (event: Event) => {
    const { touches, target } = event as TouchEvent;
    const [touch] = touches;
    start =
      touch && touches.length === 1 && !isScrolled(target) ? { x: touch.clientX, y: touch.clientY } : null;
  };
  const end = (event: Event) => {
    const [touch] = (event as TouchEvent).changedTouches;
    if (!touch || !start) return;
    const [x, y] = [touch.clientX - start.x, touch.clientY - start.y];
    start = null;
    if (x > FAR && Math.abs(y) < x / 2) element.dispatchEvent(new Event(SWIPE_BACK, { bubbles: true }));
  };
  source.addEventListener("touchstart", begin, { passive: true });
  source.addEventListener("touchend", end, { passive: true });
  return () => {
    source.removeEventListener("touchstart", begin);
    source.removeEventListener("touchend", end);
  };
}

/** True inside something that the same movement would scroll back. */
function isScrolled(target: EventTarget | null): boolean {
  for (let at = target as Element | null; at; at = at.parentElement) if (at.scrollLeft > 0) return true;
  return false;
}
