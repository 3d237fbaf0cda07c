import { rowsOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import { folderFor } from "../reading/folders.ts";
import { accountOf } from "../store/account.ts";
import { localUid, movePlace, removePlaces } from "../store/mirror.ts";
import { opsOf, putOp } from "../store/pending.ts";

type MovedPlace = { folder_id: string; uid: number; uidvalidity: string | null };

/** A place here. */
type Spot = { folderId: string; uid: number };

/**
 * Moves a message to the spam folder, or from there to the inbox, and notes it for the server. What the user wrote stays
 * where it is. To be called in a transaction.
 */
export function moveForSpam(ctx: MailboxContext, messageId: string, isSpam: boolean): void {
  const target = folderFor(ctx, isSpam ? "spam" : "inbox");
  if (!target) return;
  const places = rowsOf<MovedPlace>(
    ctx,
    `SELECT p.folder_id, p.uid, f.uidvalidity FROM places p JOIN folders f ON f.id = p.folder_id
     WHERE p.message_id = ? AND f.type IN (${isSpam ? "'inbox', 'custom', 'trash'" : "'spam'"})
     ORDER BY p.folder_id, p.uid`,
    messageId,
  );
  // Of several places one is left: the message is in the target once.
  const to = { folderId: target.id, uid: localUid(ctx, target.id) };
  for (const [nth, place] of places.entries()) {
    const from = { folderId: place.folder_id, uid: place.uid };
    if (nth === 0) movePlace(ctx, from, to);
    else removePlaces(ctx, from.folderId, [from.uid]);
    if (accountOf(ctx).settings.protocol === "imap")
      noteMove(ctx, messageId, { ...from, uidvalidity: place.uidvalidity }, to);
  }
}

/** Notes a move for the server; what is on its way goes on from where the server has it. */
function noteMove(
  ctx: MailboxContext,
  messageId: string,
  { folderId, uid, uidvalidity }: Spot & { uidvalidity: string | null },
  to: Spot,
): void {
  const pending = opsOf(ctx, messageId, "move").filter(
    ({ payload }) => payload.to.folderId === folderId && payload.to.uid === uid,
  );
  for (const op of pending) putOp(ctx, messageId, "move", { from: op.payload.from, to }, op);
  if (pending.length === 0 && uid > 0 && uidvalidity !== null) {
    putOp(ctx, messageId, "move", { from: { folderId, uid, uidvalidity }, to });
  }
}
