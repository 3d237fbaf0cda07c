import type { MailboxContext } from "../context.ts";
import { MailError } from "../errors.ts";
import type { Address, Part } from "../mime/parts.ts";

/** What is known of a message before its body is read. */
export interface FoundMessage {
  /** See sync/identity.ts. */
  key: string;
  /** Without angle brackets; empty for none. */
  internetMessageId: string;
  /** Message-IDs of References and In-Reply-To, without angle brackets, oldest first. */
  refs: string[];
  receivedAt: number;
  from: Address;
  to: Address[];
  cc: Address[];
  bcc: Address[];
  replyTo: Address[];
  subject: string;
  /** Null if it is not known yet. */
  preview: string | null;
  size: number;
  parts: Part[];
}

/** A message in a folder of the server. */
export interface FoundPlace {
  /** Negative while the server has not taken it: see `localUid`. */
  uid: number;
  isRead: boolean;
  /** Other flags and keywords, as the server gives them. */
  flags: string[];
  message: FoundMessage;
}

/**
 * Puts messages into a folder, in one transaction: a message whose key is known gets one more place and keeps its id.
 * @param options.isHistory leaves new messages out of the log of changes
 * @returns the ids, in the order of `found`, and which of them are new
 */
export function addPlaces(
  _ctx: MailboxContext,
  _folderId: string,
  _found: FoundPlace[],
  _options: { isHistory: boolean },
): { id: string; isNew: boolean }[] {
  throw new MailError("INVALID", "Not built yet");
}

/** Sets the flags of places that the folder has; others are ignored. @returns how many changed */
export function setFlags(
  _ctx: MailboxContext,
  _folderId: string,
  _changes: { uid: number; isRead: boolean; flags: string[] }[],
): number {
  throw new MailError("INVALID", "Not built yet");
}

/** Takes messages out of a folder. What has no place left is missing: see sync/deletion.ts. @returns how many */
export function removePlaces(_ctx: MailboxContext, _folderId: string, _uids: number[]): number {
  throw new MailError("INVALID", "Not built yet");
}

/** Moves a place to another folder or UID: the message keeps its id, flags and labels. */
export function movePlace(
  _ctx: MailboxContext,
  _from: { folderId: string; uid: number },
  _to: { folderId: string; uid: number },
): void {
  throw new MailError("INVALID", "Not built yet");
}

/** A UID below zero, which no place of the folder has: for a message that the server does not have there yet. */
export function localUid(_ctx: MailboxContext, _folderId: string): number {
  throw new MailError("INVALID", "Not built yet");
}
