import { type TouchEvent, useRef } from "react";

/** How far a finger must move, in CSS pixels. */
const FAR = 90;

/**
 * Handlers for a row that is swiped sideways with a finger. The row follows the finger.
 * @param done what happens after a swipe in a direction
 */
export function useSwipe(done: { left(): void; right(): void }) {
  const start = useRef<{ x: number; y: number; isSwipe: boolean } | null>(null);
  const shift = (row: HTMLElement, x: number) => {
    row.style.setProperty("--swipe", `${x}px`);
    row.dataset.swipe = x === 0 ? "" : x < 0 ? "left" : "right";
  };
  return {
    onTouchStart: ({ touches }: TouchEvent<HTMLElement>) => {
      const touch = touches[0];
      if (touch) start.current = { x: touch.clientX, y: touch.clientY, isSwipe: false };
    },
    onTouchMove: ({ touches, currentTarget }: TouchEvent<HTMLElement>) => {
      const touch = touches[0];
      if (!touch || !start.current) return;
      const [x, y] = [touch.clientX - start.current.x, touch.clientY - start.current.y];
      // A finger that moves up or down scrolls.
      if (!start.current.isSwipe && Math.abs(y) > Math.abs(x)) start.current = null;
      else if (Math.abs(x) > 10) start.current.isSwipe = true;
      if (start.current?.isSwipe) shift(currentTarget, x);
    },
    onTouchEnd: ({ changedTouches, currentTarget }: TouchEvent<HTMLElement>) => {
      const touch = changedTouches[0];
      const x = touch && start.current?.isSwipe ? touch.clientX - start.current.x : 0;
      start.current = null;
      shift(currentTarget, 0);
      if (x <= -FAR) done.left();
      if (x >= FAR) done.right();
    },
    onTouchCancel: ({ currentTarget }: TouchEvent<HTMLElement>) => {
      start.current = null;
      shift(currentTarget, 0);
    },
  };
}
