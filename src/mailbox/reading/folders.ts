import { rowOf, rowsOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { Folder, FolderType } from "../contract.ts";
import { notFound } from "../errors.ts";

/** A folder, as far as lists need it. */
export type FolderRow = { id: string; type: FolderType; version: number; total: number; unread: number };

/** All folders, the inbox first, then those that have a purpose, then the others by name. */
export function listFolders(ctx: MailboxContext): { folders: Folder[] } {
  const rows = rowsOf<FolderRow & StoredName>(
    ctx,
    // A folder that a pass finds unchanged is not written to.
    `SELECT id, path, delimiter, type, parent_id, total, unread, version,
       iif(checked_at IS NULL, NULL, max(checked_at, coalesce((SELECT last_sync_at FROM account), 0))) AS checked_at
     FROM folders
     ORDER BY ${rankOf("type")}, path COLLATE NOCASE`,
  );
  return { folders: rows.map(toFolder) };
}

/** @throws MailError NOT_FOUND */
export function folderOf(ctx: MailboxContext, folderId: string): FolderRow {
  const row = rowOf<FolderRow>(
    ctx,
    "SELECT id, type, version, total, unread FROM folders WHERE id = ?",
    folderId,
  );
  if (!row) throw notFound("Folder");
  return row;
}

/** The folder of a type; of several the one that was found first. */
export const folderFor = (ctx: MailboxContext, type: FolderType): { id: string } | undefined =>
  rowOf<{ id: string }>(ctx, "SELECT id FROM folders WHERE type = ? ORDER BY id LIMIT 1", type);

/** SQL: a number for each type, in which order folders come. @param column a column's name, not a value */
export const rankOf = (column: string): string =>
  `CASE ${column} WHEN 'inbox' THEN 0 WHEN 'sent' THEN 1 WHEN 'drafts' THEN 2 WHEN 'custom' THEN 3 WHEN 'spam' THEN 4 ELSE 5 END`;

type StoredName = {
  path: string;
  delimiter: string | null;
  parent_id: string | null;
  checked_at: number | null;
};

function toFolder(row: FolderRow & StoredName): Folder {
  return {
    id: row.id,
    name: row.path,
    displayName: displayNameOf(row),
    type: row.type,
    parentId: row.parent_id,
    messageCount: row.total,
    unreadCount: row.unread,
    syncedAt: row.checked_at,
  };
}

/** The last level of the name. All servers call the inbox INBOX, which is shouted. */
function displayNameOf({ path, delimiter }: StoredName): string {
  if (path.toUpperCase() === "INBOX") return "Inbox";
  const levels = delimiter ? path.split(delimiter) : [path];
  return levels.findLast((level) => level !== "") ?? path;
}
