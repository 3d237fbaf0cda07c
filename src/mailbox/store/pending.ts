import { type MailboxContext, rowOf, rowsOf } from "../context.ts";

/** Where a message is on the server. The UID counts only under this UIDVALIDITY. */
export interface ServerPlace {
  folderId: string;
  uid: number;
  uidvalidity: string;
}

/**
 * A change that was made here and is still to be made on the server. Each says what shall be in the end, not what to
 * do: so a second change of its kind is merged into it, and trying it again does no harm.
 */
export type Op =
  /** Flags and keywords of all places of the message: true for set, false for cleared. */
  | { kind: "flags"; payload: { flags: Record<string, boolean> } }
  /** All labels of the message, by name. */
  | { kind: "labels"; payload: { labels: string[] } }
  /** The message is at `from`; here it is already in the other folder, under a UID below zero. */
  | { kind: "move"; payload: { from: ServerPlace; to: { folderId: string; uid: number } } }
  /** The message is only here, under a UID below zero; its source is in the bucket. Times are in milliseconds. */
  | {
      kind: "append";
      payload: { folderId: string; uid: number; key: string; flags: string[]; receivedAt: number };
    }
  /** The message is no more in this folder; here its place is already gone. */
  | { kind: "expunge"; payload: { from: ServerPlace } };

export type OpKind = Op["kind"];

/** An op as it is kept. */
export type OpRow = Op & { id: number; messageId: string; attempts: number; createdAt: number };

/** How soon after a change the server is told, in milliseconds: what is changed in one go is told in one go. */
const TELL_AFTER_MS = 2000;

/**
 * Notes a change for the server, in place of an earlier one of its kind. To be called in the transaction that changes the
 * rows here; `ctx.wake` afterwards makes a pass due.
 */
export function putOp(ctx: MailboxContext, messageId: string, { kind, payload }: Op): void {
  const now = Date.now();
  const existing = rowOf<{ id: number }>(
    ctx,
    "SELECT id FROM ops WHERE message_id = ? AND kind = ?",
    ...[messageId, kind],
  );
  if (existing) {
    ctx.sql.exec(
      "UPDATE ops SET payload = ?, attempts = 0, due_at = ?, created_at = ? WHERE id = ?",
      ...[JSON.stringify(payload), now + TELL_AFTER_MS, now, existing.id],
    );
    return;
  }
  ctx.sql.exec(
    "INSERT INTO ops (message_id, kind, payload, due_at, created_at) VALUES (?, ?, ?, ?, ?)",
    ...[messageId, kind, JSON.stringify(payload), now + TELL_AFTER_MS, now],
  );
}

/** The op of a kind that a message has, if there is one. */
export const opOf = <Kind extends OpKind>(
  ctx: MailboxContext,
  messageId: string,
  kind: Kind,
): Extract<OpRow, { kind: Kind }> | undefined =>
  opsOf(ctx, messageId).find((op): op is Extract<OpRow, { kind: Kind }> => op.kind === kind);

/** All ops of a message, oldest first. */
export const opsOf = (ctx: MailboxContext, messageId: string): OpRow[] =>
  rowsOf<StoredOp>(ctx, `SELECT ${COLUMNS} FROM ops WHERE message_id = ? ORDER BY id`, messageId).map(toOp);

/** The ops that are due, oldest first. */
export const dueOps = (ctx: MailboxContext, limit: number): OpRow[] =>
  rowsOf<StoredOp>(
    ctx,
    `SELECT ${COLUMNS} FROM ops WHERE due_at <= ? ORDER BY due_at, id LIMIT ?`,
    ...[Date.now(), limit],
  ).map(toOp);

/** When the next op is due, in milliseconds since the epoch; null for never. */
export const nextOp = (ctx: MailboxContext): number | null =>
  rowOf<{ due_at: number | null }>(ctx, "SELECT min(due_at) AS due_at FROM ops")?.due_at ?? null;

/** Whether a change of the message is still to be made on the server: until then the server's flags are older. */
export const hasPending = (ctx: MailboxContext, messageId: string): boolean =>
  rowOf(ctx, "SELECT 1 AS found FROM ops WHERE message_id = ? LIMIT 1", messageId) !== undefined;

/** The UIDs that a folder has on the server alone: they were moved away or deleted here, and the server is not told yet. */
export function pendingOf(ctx: MailboxContext, folderId: string): Set<number> {
  const rows = rowsOf<{ uid: number }>(
    ctx,
    `SELECT payload ->> '$.from.uid' AS uid FROM ops
     WHERE kind IN ('move', 'expunge') AND payload ->> '$.from.folderId' = ?`,
    folderId,
  );
  return new Set(rows.map(({ uid }) => uid));
}

/** Where the server has a message, with the path of each folder; the places of a pending move come as they are there. */
export function serverPlacesOf(ctx: MailboxContext, messageId: string): (ServerPlace & { path: string })[] {
  const places = rowsOf<{ folder_id: string; uid: number; uidvalidity: string; path: string }>(
    ctx,
    `SELECT p.folder_id, p.uid, f.uidvalidity, f.path FROM places p JOIN folders f ON f.id = p.folder_id
     WHERE p.message_id = ?1 AND p.uid > 0 AND f.uidvalidity IS NOT NULL
     UNION ALL
     SELECT f.id, o.payload ->> '$.from.uid', o.payload ->> '$.from.uidvalidity', f.path FROM ops o
     JOIN folders f ON f.id = o.payload ->> '$.from.folderId' WHERE o.message_id = ?1 AND o.kind = 'move'`,
    messageId,
  );
  return places.map(({ folder_id, ...place }) => ({ folderId: folder_id, ...place }));
}

type StoredOp = {
  id: number;
  message_id: string;
  kind: OpKind;
  payload: string;
  attempts: number;
  created_at: number;
};

const COLUMNS = "id, message_id, kind, payload, attempts, created_at";

const toOp = ({ id, message_id, kind, payload, attempts, created_at }: StoredOp): OpRow =>
  ({
    kind,
    payload: JSON.parse(payload),
    id,
    messageId: message_id,
    attempts,
    createdAt: created_at,
  }) as OpRow;
