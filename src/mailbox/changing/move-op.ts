import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { ImapClient } from "../imap/client.ts";
import { movePlace, removePlaces } from "../store/mirror.ts";
import { endOp, type Op, opsOf, putOp, type ServerPlace } from "../store/pending.ts";
import { atPlace, flagsAt } from "./at-place.ts";
import { findIn } from "./find.ts";

type Folder = { id: string; path: string; uidvalidity: string | null };

/**
 * Moves a message on the server. The place here gets the UID that it has there, so that its id stays.
 * @param isLast puts the place back to where the server has it
 */
export async function runMove(
  ctx: MailboxContext,
  client: ImapClient,
  op: Op<"move">,
  isLast: boolean,
): Promise<void> {
  const { from, to } = op.payload;
  const source = folderAt(ctx, from.folderId);
  const target = folderAt(ctx, to.folderId);
  if (!source || !target) return settle(ctx, op, undefined);
  // It was moved back before the server was told.
  if (source.id === target.id) return settle(ctx, op, from);
  // A try whose answer was lost may have come as far as the copy.
  const copy = op.attempts > 0 ? await findIn(ctx, client, op.messageId, target) : undefined;
  const result = await atPlace(client, { ...from, path: source.path }, () =>
    moveOut(client, from.uid, target.path, copy?.uid),
  );
  if (typeof result === "number") {
    return settle(ctx, op, { folderId: target.id, uid: result, uidvalidity: target.uidvalidity ?? "" });
  }
  if (result === "moved" || result === "gone") {
    return settle(ctx, op, copy ?? (await findIn(ctx, client, op.messageId, target)));
  }
  if (result === "renumbered") {
    const renumbered = await findIn(ctx, client, op.messageId, source);
    if (!renumbered) return settle(ctx, op, undefined);
    return putOp(ctx, op.messageId, "move", { from: renumbered, to }, op);
  }
  if (isLast) settle(ctx, op, from);
}

const folderAt = (ctx: MailboxContext, folderId: string): Folder | undefined =>
  rowOf<Folder>(ctx, "SELECT id, path, uidvalidity FROM folders WHERE id = ?", folderId);

/**
 * Moves a message out of the open folder.
 * @param copyUid of a copy that the target has already
 * @returns its new UID, or "moved" where the server does not tell it
 */
async function moveOut(
  client: ImapClient,
  uid: number,
  path: string,
  copyUid: number | undefined,
): Promise<number | "moved" | "gone" | "refused"> {
  if (!(await flagsAt(client, uid))) return "gone";
  if (client.capabilities.has("MOVE") && copyUid === undefined) {
    const moved = await client.messageMove(String(uid), path, { uid: true });
    return moved ? (moved.uidMap?.get(uid) ?? "moved") : "refused";
  }
  const copied = copyUid === undefined && (await client.messageCopy(String(uid), path, { uid: true }));
  if (copyUid === undefined && !copied) return "refused";
  await remove(client, uid);
  return copyUid ?? (copied ? copied.uidMap?.get(uid) : undefined) ?? "moved";
}

/** Deletes a message from the open folder, and no other, also where EXPUNGE takes all that are marked. */
async function remove(client: ImapClient, uid: number): Promise<void> {
  if (!client.capabilities.has("UIDPLUS")) {
    const marked = (await client.search({ deleted: true }, { uid: true })) || [];
    if (marked.some((other) => other !== uid)) {
      await client.messageFlagsAdd(String(uid), ["\\Deleted"], { uid: true });
      return;
    }
  }
  await client.messageDelete(String(uid), { uid: true });
}

/** Takes over where the server has the message now; undefined if it is not known: the pass that follows finds it. */
function settle(ctx: MailboxContext, op: Op<"move">, place: ServerPlace | undefined): void {
  ctx.storage.transactionSync(() => {
    const isUnchanged = endOp(ctx, op);
    const current = isUnchanged ? op : opsOf(ctx, op.messageId, "move").find(({ id }) => id === op.id);
    if (!current) return;
    if (!isUnchanged && place) {
      // It was moved on meanwhile.
      putOp(ctx, op.messageId, "move", { from: place, to: current.payload.to }, current);
      return;
    }
    if (!isUnchanged) endOp(ctx, current);
    const { to } = current.payload;
    if (place) movePlace(ctx, to, place);
    else removePlaces(ctx, to.folderId, [to.uid]);
  });
}
