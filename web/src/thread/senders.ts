import { useSyncExternalStore } from "react";

// The senders whose images are always loaded. Loading one tells its sender that the mail is read, and when.

const KEY = "xabar.images";
/** The oldest of more are forgotten. */
const MAX_SENDERS = 500;

const read = (): string[] => {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
};

let senders = read();
const listeners = new Set<() => void>();

/** Loads the images of a sender from now on, or no longer. */
export function trustImages(address: string, isTrusted: boolean): void {
  const others = read().filter((each) => each !== address.toLowerCase());
  senders = isTrusted ? [...others, address.toLowerCase()].slice(-MAX_SENDERS) : others;
  try {
    localStorage.setItem(KEY, JSON.stringify(senders));
  } catch {
    // Without storage it holds until the page is left.
  }
  for (const listener of listeners) listener();
}

export const isTrusted = (address: string): boolean => senders.includes(address.toLowerCase());

/** Whether the images of this sender are always loaded, as that changes. */
export const useTrusted = (address: string): boolean =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => isTrusted(address),
  );
