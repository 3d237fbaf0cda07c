import { useSyncExternalStore } from "react";
import { keepTyping } from "../keyboard.ts";

/** What the composer shall write. */
export type Intent =
  | { kind: "new"; to?: { name?: string; email: string }[]; account_id?: string }
  | { kind: "reply" | "reply-all" | "forward"; message_id: string; thread_id: string }
  | { kind: "draft"; draft_id: string }
  /** A mail that this browser keeps: one that was not sent after all, or could not be saved. */
  | { kind: "kept"; key: string };

let current: Intent | null = null;
/** What had the focus before the composer was opened. */
let opener: Element | null = null;
const listeners = new Set<() => void>();

function set(intent: Intent | null): void {
  current = intent;
  for (const listener of listeners) listener();
}

/**
 * Opens the composer. It is loaded on first use, so keys that are pressed from now on are kept for it. An open composer
 * saves its draft and makes room.
 */
export function openComposer(intent: Intent): void {
  const { activeElement: pressed } = document;
  // A toast that loses the focus gives it back to where it was: now, and not when the composer has it.
  if (pressed instanceof HTMLElement && pressed.closest("[data-sonner-toaster]")) pressed.blur();
  if (current === null) opener = document.activeElement;
  keepTyping(closeComposer);
  set(intent);
}

/** Closes the composer, and gives the focus back to where it was. */
export function closeComposer(): void {
  set(null);
  const isThere = opener instanceof HTMLElement && opener.isConnected && opener !== document.body;
  // What opened it may be gone, as a message that passed by is.
  const place = isThere ? opener : document.querySelector("main h1, .row-link[tabindex='0']");
  if (place instanceof HTMLElement) place.focus();
  opener = null;
}

/** What the composer shows; null while it is closed. */
export const useIntent = (): Intent | null =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
