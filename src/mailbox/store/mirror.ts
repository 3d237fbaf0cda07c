import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { FoundPlace } from "./found.ts";
import { ASIDE } from "./messages.ts";
import { inFolder, placeAt } from "./places.ts";

/**
 * Puts messages into a folder, in one transaction: a message whose key is known gets one more place and keeps its id.
 * A second copy in one folder is a message of its own. What the folder has already gets the flags found.
 * @param options.isHistory leaves the log of changes as it is
 * @returns the ids, in the order of `found`, and which of them are new
 */
export function addPlaces(
  ctx: MailboxContext,
  folderId: string,
  found: FoundPlace[],
  { isHistory }: { isHistory: boolean },
): { id: string; isNew: boolean }[] {
  return inFolder(ctx, folderId, isHistory, (write) =>
    found.map((place) => {
      const there = placeAt(ctx, folderId, place.uid);
      if (there) {
        write.setFlags(there, place, true);
        return { id: there.message_id, isNew: false };
      }
      return write.add(place);
    }),
  );
}

/** Sets the flags of places that the folder has; others are ignored. @returns how many changed */
export function setFlags(
  ctx: MailboxContext,
  folderId: string,
  changes: { uid: number; isRead: boolean; flags: string[] }[],
): number {
  return inFolder(ctx, folderId, false, (write) => {
    const changed = changes.filter((change) => {
      const there = placeAt(ctx, folderId, change.uid);
      return there !== undefined && write.setFlags(there, change) === "changed";
    });
    return changed.length;
  });
}

/**
 * Takes over the server's flags. A message with a change that the server is not told of yet keeps its own.
 * @returns how many changed, and whether some were left for later
 */
export function takeFlags(
  ctx: MailboxContext,
  folderId: string,
  changes: { uid: number; isRead: boolean; flags: string[] }[],
): { changed: number; isPending: boolean } {
  return inFolder(ctx, folderId, false, (write) => {
    const ends = changes.map((change) => {
      const there = placeAt(ctx, folderId, change.uid);
      return there && write.setFlags(there, change, true);
    });
    return {
      changed: ends.filter((end) => end === "changed").length,
      isPending: ends.includes("pending"),
    };
  });
}

/** Takes messages out of a folder. What has no place left is missing: see sync/deletion.ts. @returns how many */
export function removePlaces(ctx: MailboxContext, folderId: string, uids: number[]): number {
  return inFolder(ctx, folderId, false, (write) => {
    const removed = uids.filter((uid) => {
      const there = placeAt(ctx, folderId, uid);
      if (there) write.remove(there);
      return there !== undefined;
    });
    return removed.length;
  });
}

/** Moves a place to another folder or UID: the message keeps its id, flags and labels. */
export function movePlace(
  ctx: MailboxContext,
  from: { folderId: string; uid: number },
  to: { folderId: string; uid: number },
): void {
  ctx.storage.transactionSync(() => {
    const place = placeAt(ctx, from.folderId, from.uid);
    if (!place || (from.folderId === to.folderId && from.uid === to.uid)) return;
    // The message is never without a place, so that it is not missing in between.
    if (!placeAt(ctx, to.folderId, to.uid)) {
      inFolder(ctx, to.folderId, true, (write) =>
        write.put({ ...place, folder_id: to.folderId, uid: to.uid }),
      );
    }
    inFolder(ctx, from.folderId, false, (write) => write.remove(place));
  });
}

/** A UID below zero, which no place of the folder has: for a message that the server does not have there yet. */
export function localUid(ctx: MailboxContext, folderId: string): number {
  const row = rowOf<{ uid: number | null }>(
    ctx,
    "SELECT min(uid) AS uid FROM places WHERE folder_id = ? AND uid >= ?",
    ...[folderId, ASIDE],
  );
  return Math.min(row?.uid ?? 0, 0) - 1;
}
