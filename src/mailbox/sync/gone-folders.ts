import { rowsOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import { removePlaces } from "../store/mirror.ts";
import type { FolderRow } from "./folders.ts";
import { isBelieved } from "./removal.ts";
import { type Pass, scanNote } from "./state.ts";

/**
 * Removes folders that the server lists no more. Their messages are missing then, unless another folder has them: a folder
 * that was renamed is a new one with the same messages.
 * @returns false if it is too much to be believed at once
 */
export function removeFolders(ctx: MailboxContext, pass: Pass, gone: FolderRow[]): boolean {
  // Without the inbox, the list is not to be believed.
  if (gone.some(({ type }) => type === "inbox")) return false;
  return gone.map((folder) => removeFolder(ctx, pass, folder)).every((isRemoved) => isRemoved);
}

function removeFolder(ctx: MailboxContext, pass: Pass, folder: FolderRow): boolean {
  const uids = rowsOf<{ uid: number }>(ctx, "SELECT uid FROM places WHERE folder_id = ?", folder.id).map(
    ({ uid }) => uid,
  );
  if (!isBelieved(ctx, pass, folder, uids.length)) return false;
  pass.progress.step(() => {
    const messagesRemoved = removePlaces(ctx, folder.id, uids);
    ctx.sql.exec("UPDATE folders SET parent_id = NULL WHERE parent_id = ?", folder.id);
    ctx.sql.exec("DELETE FROM folders WHERE id = ?", folder.id);
    ctx.storage.kv.delete(scanNote(folder.id));
    return { messagesRemoved };
  });
  return true;
}
