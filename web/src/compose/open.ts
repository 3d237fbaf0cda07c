import { useSyncExternalStore } from "react";
import { keepTyping } from "../keyboard.ts";

/** What the composer shall write. */
export type Intent =
  | { kind: "new"; to?: { name?: string; email: string }[]; account_id?: string }
  | { kind: "reply" | "reply-all" | "forward"; message_id: string; thread_id: string }
  | { kind: "draft"; draft_id: string };

let current: Intent | null = null;
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
  keepTyping();
  set(intent);
}

export const closeComposer = (): void => set(null);

/** What the composer shows; null while it is closed. */
export const useIntent = (): Intent | null =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
