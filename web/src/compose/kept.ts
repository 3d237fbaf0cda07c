import { claimsOf, currentToken } from "../session.ts";
import type { Mail } from "./mail.ts";
import type { Intent } from "./open.ts";

// What was typed is kept in this browser until a draft has it: a connection may fail, and a tab may be closed. Each user
// of the browser has their own.

/** A mail that this browser keeps. */
export interface Kept {
  key: string;
  mail: Mail;
  /** When it was written last, in milliseconds since 1970. */
  at: number;
}

const prefix = (): string => `xabar.kept.${claimsOf(currentToken() ?? "")?.user_id}.`;

/** Those whose storage failed because it is full: they are kept as long as the page is open. */
const inMemory = new Map<string, string>();

/** Keeps a mail. */
export function keep(key: string, mail: Mail): void {
  const json = JSON.stringify({ mail, at: Date.now() });
  try {
    localStorage.setItem(prefix() + key, json);
    inMemory.delete(key);
  } catch {
    localStorage.removeItem(prefix() + key);
    inMemory.set(key, json);
  }
}

/** Forgets a mail, because a draft has it or nobody wants it. */
export function forget(key: string): void {
  localStorage.removeItem(prefix() + key);
  inMemory.delete(key);
}

/** Reads a mail that is kept. */
export function findKept(key: string): Kept | null {
  try {
    const json = localStorage.getItem(prefix() + key) ?? inMemory.get(key);
    return json ? { key, ...JSON.parse(json) } : null;
  } catch {
    return null;
  }
}

/** All mails that are kept, the last written first. */
export function allKept(): Kept[] {
  const start = prefix();
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(start));
  return keys.flatMap((key) => findKept(key.slice(start.length)) ?? []).sort((a, b) => b.at - a.at);
}

/** The mail that was being written when the same was begun before: this draft, or an answer to this message. */
export function keptFor(intent: Intent): Kept | null {
  if (intent.kind === "kept") return findKept(intent.key);
  return (
    allKept().find(({ mail }) =>
      intent.kind === "draft"
        ? mail.draft?.id === intent.draft_id
        : intent.kind !== "new" && mail.kind === intent.kind && mail.original_id === intent.message_id,
    ) ?? null
  );
}
