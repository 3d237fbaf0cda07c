import { useSyncExternalStore } from "react";

// On a narrow screen the sidebar is a drawer over the page.

let isOpen = false;
const listeners = new Set<() => void>();

function set(next: boolean): void {
  if (next === isOpen) return;
  isOpen = next;
  for (const listener of listeners) listener();
}

/** Shows the sidebar where the screen is too narrow for it to stay. */
export const openDrawer = (): void => set(true);

export const closeDrawer = (): void => set(false);

/** Whether the sidebar is open as a drawer. */
export const useDrawer = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => isOpen,
  );
