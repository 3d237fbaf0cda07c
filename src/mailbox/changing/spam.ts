import { type MailboxContext, rowsOf } from "../context.ts";
import { folderFor } from "../reading/folders.ts";
import { accountOf } from "../store/account.ts";
import { localUid, movePlace } from "../store/mirror.ts";
import { opsOf, putOp, type ServerPlace } from "../store/pending.ts";

type MovedPlace = { folder_id: string; uid: number; uidvalidity: string | null };

/**
 * Moves a message to the spam folder, or from there to the inbox. What the user wrote stays where it is. To be called in a
 * transaction.
 */
export function moveForSpam(ctx: MailboxContext, messageId: string, isSpam: boolean): void {
  const target = folderFor(ctx, isSpam ? "spam" : "inbox");
  if (!target) return;
  const places = rowsOf<MovedPlace>(
    ctx,
    `SELECT p.folder_id, p.uid, f.uidvalidity FROM places p JOIN folders f ON f.id = p.folder_id
     WHERE p.message_id = ? AND f.type IN (${isSpam ? "'inbox', 'custom', 'trash'" : "'spam'"})`,
    messageId,
  );
  for (const place of places) movePlaceTo(ctx, messageId, place, target.id);
}

/** Moves a place here, and notes it for the server, if the server has it at all. */
function movePlaceTo(ctx: MailboxContext, messageId: string, place: MovedPlace, folderId: string): void {
  const from = { folderId: place.folder_id, uid: place.uid };
  const to = { folderId, uid: localUid(ctx, folderId) };
  movePlace(ctx, from, to);
  if (accountOf(ctx).settings.protocol === "pop3") return;
  const pending = opsOf(ctx, messageId, "move").find(({ payload }) => isSame(payload.to, from));
  const origin = pending?.payload.from ?? serverPlace(place);
  if (origin) putOp(ctx, messageId, "move", { from: origin, to }, pending);
}

const serverPlace = ({ folder_id, uid, uidvalidity }: MovedPlace): ServerPlace | undefined =>
  uid > 0 && uidvalidity !== null ? { folderId: folder_id, uid, uidvalidity } : undefined;

const isSame = (one: { folderId: string; uid: number }, other: { folderId: string; uid: number }): boolean =>
  one.folderId === other.folderId && one.uid === other.uid;
