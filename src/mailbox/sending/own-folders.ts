import { cuid } from "../../lib/cuid.ts";
import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import { mergeMessages } from "../store/merging.ts";
import { localUid, movePlace } from "../store/mirror.ts";
import { placeAt } from "../store/places.ts";

/** A folder for mails of our own. */
export interface OwnFolder {
  id: string;
  path: string;
  /** The server does not have it. */
  isLocal: boolean;
}

const NAMES = { sent: "Sent", drafts: "Drafts" };

/** The folder of a type; one of the server before one that is only here. It is made here if there is none. */
export function ownFolder(ctx: MailboxContext, type: "sent" | "drafts"): OwnFolder {
  const row = rowOf<{ id: string; path: string; is_local: number }>(
    ctx,
    "SELECT id, path, is_local FROM folders WHERE type = ?1 OR path = ?2 ORDER BY type <> ?1, is_local, path LIMIT 1",
    ...[type, NAMES[type]],
  );
  if (row) return { id: row.id, path: row.path, isLocal: row.is_local === 1 };
  const folder = { id: cuid(), path: NAMES[type], isLocal: true };
  ctx.sql.exec(
    "INSERT INTO folders (id, path, type, is_local) VALUES (?, ?, ?, 1)",
    ...[folder.id, folder.path, type],
  );
  return folder;
}

export interface Place {
  folderId: string;
  uid: number;
}

/** Where a message of ours is that the server does not have, or not as it is. */
export function localPlaceOf(ctx: MailboxContext, messageId: string): Place | undefined {
  const row = rowOf<{ folder_id: string; uid: number }>(
    ctx,
    "SELECT folder_id, uid FROM places WHERE message_id = ? AND uid < 0",
    messageId,
  );
  return row && { folderId: row.folder_id, uid: row.uid };
}

/** Notes that the server has a message of ours now. A folder that was only here goes, once it is empty. */
export function settle(ctx: MailboxContext, messageId: string, folder: OwnFolder, uid: number): void {
  ctx.storage.transactionSync(() => {
    const from = localPlaceOf(ctx, messageId);
    if (!from) return;
    // A folder that no pass has opened has no UIDs yet: its first pass finds the message by its Message-ID.
    if (!isOpened(ctx, folder)) {
      if (from.folderId !== folder.id)
        movePlace(ctx, from, { folderId: folder.id, uid: localUid(ctx, folder.id) });
      return;
    }
    const there = placeAt(ctx, folder.id, uid);
    // A pass has found it first, and has not known it: a server with ids of its own has several folders that show it.
    if (there && there.message_id !== messageId) mergeMessages(ctx, messageId, there.message_id);
    movePlace(ctx, from, { folderId: folder.id, uid });
    if (from.folderId === folder.id) return;
    ctx.sql.exec("DELETE FROM folders WHERE id = ? AND is_local = 1 AND total = 0", from.folderId);
  });
}

const isOpened = (ctx: MailboxContext, { id }: OwnFolder): boolean =>
  rowOf(ctx, "SELECT 1 AS found FROM folders WHERE id = ? AND uidvalidity IS NOT NULL", id) !== undefined;
