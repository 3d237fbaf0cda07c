import type { MailboxContext } from "../context.ts";
import type { ImapClient } from "../imap/client.ts";
import type { Quirks } from "../imap/quirks.ts";
import type { FolderRow } from "./folders.ts";
import type { Progress } from "./progress.ts";

/** The work of one wake-up. */
export interface Pass {
  /** When its first wake-up began, in milliseconds since the epoch. */
  startedAt: number;
  progress: Progress;
  /** Whether the wake-up has time for another step. A step notes how many messages it read. */
  hasBudget(read?: number): boolean;
}

/** A folder that is open, in the middle of a pass. */
export interface Visit {
  ctx: MailboxContext;
  client: ImapClient;
  pass: Pass;
  quirks: Quirks;
  /** As of the beginning of the visit. */
  folder: FolderRow & { uidvalidity: string; uidnext: number; synced_low: number };
  /** What the server said when the folder was opened. */
  server: Opened;
  /** All is compared, whatever the server says has changed. */
  isFull: boolean;
}

export interface Opened {
  uidvalidity: string;
  uidnext: number;
  modseq: string | null;
  total: number;
}

/** How a visit ended: `more` for out of time, `held` for something that the next pass has to look at again. */
export type VisitEnd = "done" | "more" | "held";

const MINUTE = 60_000;

/** Without CONDSTORE a change of flags may show nowhere: how often all of them are read, in milliseconds. */
export const flagsInterval = (messages: number): number =>
  Math.min(Math.max(messages * 1200, 10 * MINUTE), 24 * 60 * MINUTE);

/** Under this name is kept what the server's MODSEQ was when a reading of flags began that takes several wake-ups. */
export const scanNote = (folderId: string): string => `scan:${folderId}`;
