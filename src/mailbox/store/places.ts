import { rowOf, rowsOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { FoundPlace } from "./found.ts";
import { ASIDE, insertMessage, localUidOf, messageFor, setKey } from "./messages.ts";
import { hasPending } from "./pending.ts";

/** A row of the table `places`. */
export type PlaceRow = {
  folder_id: string;
  uid: number;
  message_id: string;
  received_at: number;
  sender: string;
  is_read: number;
  flags: string;
};

const COLUMNS = "folder_id, uid, message_id, received_at, sender, is_read, flags";

type Flags = Pick<FoundPlace, "isRead" | "flags">;

/** Changes the places of one folder, and counts what its counters gain. */
export interface FolderWriter {
  add(place: FoundPlace): { id: string; isNew: boolean };
  put(place: PlaceRow): void;
  remove(place: PlaceRow): void;
  /** @param isFromServer leaves the flags of a message that has a change of ours pending */
  setFlags(there: PlaceRow, found: Flags, isFromServer?: boolean): "same" | "changed" | "pending";
}

export const placeAt = (ctx: MailboxContext, folderId: string, uid: number): PlaceRow | undefined =>
  rowOf<PlaceRow>(ctx, `SELECT ${COLUMNS} FROM places WHERE folder_id = ? AND uid = ?`, folderId, uid);

/**
 * Changes the places of a folder in one transaction, with its counters and its version.
 * @param isSilent leaves the log of changes as it is
 */
export function inFolder<T>(
  ctx: MailboxContext,
  folderId: string,
  isSilent: boolean,
  work: (write: FolderWriter) => T,
): T {
  return ctx.storage.transactionSync(() => {
    const gained = { total: 0, unread: 0, changes: 0 };
    const result = work(writerOf(ctx, folderId, gained, isSilent));
    if (gained.changes > 0) {
      ctx.sql.exec(
        "UPDATE folders SET total = total + ?, unread = unread + ?, version = version + 1 WHERE id = ?",
        ...[gained.total, gained.unread, folderId],
      );
    }
    return result;
  });
}

function writerOf(
  ctx: MailboxContext,
  folderId: string,
  gained: { total: number; unread: number; changes: number },
  isSilent: boolean,
): FolderWriter {
  const now = Date.now();
  const count = (places: number, unread: number) => {
    gained.total += places;
    gained.unread += unread;
    gained.changes++;
  };
  const note = (messageId: string) => {
    ctx.sql.exec("UPDATE messages SET updated_at = ? WHERE id = ?", now, messageId);
    if (!isSilent) noteChange(ctx, messageId, "updated", now);
  };
  const put = (place: PlaceRow) => {
    insertPlace(ctx, place);
    count(1, 1 - place.is_read);
  };
  const remove = (place: PlaceRow) => {
    ctx.sql.exec("DELETE FROM places WHERE folder_id = ? AND uid = ?", place.folder_id, place.uid);
    count(-1, place.is_read - 1);
    const isMissing = !rowOf(ctx, "SELECT 1 FROM places WHERE message_id = ? LIMIT 1", place.message_id);
    if (!isMissing) note(place.message_id);
    else ctx.sql.exec("UPDATE messages SET missing_since = ? WHERE id = ?", now, place.message_id);
  };
  /** The server has, under a UID of its own, what was here under one below zero. */
  const adopt = (own: PlaceRow, found: FoundPlace) => {
    ctx.sql.exec(
      "UPDATE places SET uid = ? WHERE folder_id = ? AND uid = ?",
      ...[found.uid, folderId, own.uid],
    );
    count(0, 0);
    setFlags({ ...own, uid: found.uid }, found, true);
    return { id: own.message_id, isNew: false };
  };
  const add = (found: FoundPlace) => {
    const known = messageFor(ctx, folderId, found.message.key);
    const ownUid = known.uid ?? (known.id === undefined ? localUidOf(ctx, folderId, found) : undefined);
    const own = ownUid === undefined ? undefined : placeAt(ctx, folderId, ownUid);
    if (own && found.uid > 0) {
      if (known.id === undefined) setKey(ctx, own.message_id, known.key);
      return adopt(own, found);
    }
    const id = known.id ?? insertMessage(ctx, { ...found.message, key: known.key }, now);
    put(toRow(folderId, found, id));
    if (known.id === undefined && !isSilent) noteChange(ctx, id, "created", now);
    if (known.isMissing) ctx.sql.exec("UPDATE messages SET missing_since = NULL WHERE id = ?", id);
    if (known.id !== undefined) note(id);
    return { id, isNew: known.id === undefined };
  };
  const setFlags = (there: PlaceRow, found: Flags, isFromServer = false) => {
    const [isRead, flags] = [Number(found.isRead), joinFlags(found.flags)];
    if (there.is_read === isRead && there.flags === flags) return "same";
    // The server's flags are older than a change that it is still to be told of.
    if (isFromServer && hasPending(ctx, there.message_id)) return "pending";
    ctx.sql.exec(
      // An index is written only where its own columns change.
      there.is_read === isRead
        ? "UPDATE places SET flags = ?2 WHERE folder_id = ?3 AND uid = ?4"
        : "UPDATE places SET is_read = ?1, flags = ?2 WHERE folder_id = ?3 AND uid = ?4",
      ...[isRead, flags, folderId, there.uid],
    );
    count(0, there.is_read - isRead);
    note(there.message_id);
    return "changed";
  };
  return { add, put, remove, setFlags };
}

/** Notes a change for those who follow the log. */
export function noteChange(
  ctx: MailboxContext,
  messageId: string,
  kind: "created" | "updated" | "deleted",
  at: number,
): void {
  ctx.sql.exec("INSERT INTO changes (message_id, kind, at) VALUES (?, ?, ?)", messageId, kind, at);
}

const joinFlags = (flags: string[]): string =>
  [...new Set(flags)]
    .filter((flag) => !/^\\(seen|recent)$/i.test(flag))
    .sort()
    .join(" ");

const toRow = (
  folderId: string,
  { uid, isRead, flags, message }: FoundPlace,
  messageId: string,
): PlaceRow => ({
  folder_id: folderId,
  uid,
  message_id: messageId,
  received_at: message.receivedAt,
  sender: message.from.address.toLowerCase(),
  is_read: Number(isRead),
  flags: joinFlags(flags),
});

const insertPlace = (ctx: MailboxContext, place: PlaceRow): void => {
  const { folder_id, uid, message_id, received_at, sender, is_read, flags } = place;
  ctx.sql.exec(
    `INSERT INTO places (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ...[folder_id, uid, message_id, received_at, sender, is_read, flags],
  );
};

/**
 * Sets all places of a folder aside, under UIDs below all others: the server's UIDs are no longer what they were. A message
 * that is found again comes back under its new UID.
 */
export function setAside(ctx: MailboxContext, folderId: string): void {
  ctx.sql.exec("UPDATE places SET uid = ? - uid WHERE folder_id = ? AND uid > 0", ...[ASIDE, folderId]);
}

/** The UIDs of places that were set aside, and have not come back. */
export const asideOf = (ctx: MailboxContext, folderId: string): number[] =>
  rowsOf<{ uid: number }>(
    ctx,
    "SELECT uid FROM places WHERE folder_id = ? AND uid < ?",
    ...[folderId, ASIDE],
  ).map(({ uid }) => uid);
