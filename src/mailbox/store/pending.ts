import { rowOf, rowsOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";

// Changes that were made here and are still to be made on the server. Each says what shall be in the end, not what to do:
// so a second change is merged into it, and trying it again does no harm.

/** Where a message is on the server. The UID counts only under this UIDVALIDITY. */
export interface ServerPlace {
  folderId: string;
  uid: number;
  uidvalidity: string;
}

export interface Payloads {
  /** Flags and keywords of all places of the message: true for set, false for cleared. */
  flags: { flags: Record<string, boolean> };
  /** All labels of the message, by name. */
  labels: { labels: string[] };
  /** The server has the message at `from`; here it is already in the other folder, under a UID below zero. */
  move: { from: ServerPlace; to: { folderId: string; uid: number } };
}

export type OpKind = keyof Payloads;

/** A change as it is kept. Times are in milliseconds since the epoch. */
export type Op<Kind extends OpKind = OpKind> = {
  [Each in Kind]: {
    id: number;
    messageId: string;
    kind: Each;
    payload: Payloads[Each];
    attempts: number;
    createdAt: number;
  };
}[Kind];

/** How soon after a change the server is told, in milliseconds: what is changed in one go is told in one go. */
const TELL_AFTER_MS = 2000;

const MINUTE = 60_000;

/** The longest wait between two tries. */
const MAX_WAIT_MS = 60 * MINUTE;

/**
 * Notes a change for the server. To be called in the transaction that changes the rows here; `ctx.wake` afterwards makes a
 * pass due.
 * @param replaced the op in whose place it comes
 */
export function putOp<Kind extends OpKind>(
  ctx: MailboxContext,
  messageId: string,
  kind: Kind,
  payload: Payloads[Kind],
  replaced?: Op<Kind>,
): void {
  const now = Date.now();
  const text = JSON.stringify(payload);
  if (replaced) {
    ctx.sql.exec(
      "UPDATE ops SET payload = ?, attempts = 0, due_at = ?, created_at = ? WHERE id = ?",
      ...[text, now + TELL_AFTER_MS, now, replaced.id],
    );
    return;
  }
  ctx.sql.exec(
    "INSERT INTO ops (message_id, kind, payload, due_at, created_at) VALUES (?, ?, ?, ?, ?)",
    ...[messageId, kind, text, now + TELL_AFTER_MS, now],
  );
}

/** Notes that an op is being tried: after 1, 2, 4 … 60 minutes it is tried again, unless `endOp` comes first. */
export function beginOp(ctx: MailboxContext, { id, attempts }: Op): void {
  const wait = Math.min(MINUTE * 2 ** attempts, MAX_WAIT_MS);
  ctx.sql.exec("UPDATE ops SET attempts = attempts + 1, due_at = ? WHERE id = ?", Date.now() + wait, id);
}

/**
 * Ends an op that the server has carried out.
 * @returns false if it was changed meanwhile: then it stays, and is due again
 */
export const endOp = (ctx: MailboxContext, { id, payload }: Op): boolean =>
  ctx.sql.exec("DELETE FROM ops WHERE id = ? AND payload = ?", id, JSON.stringify(payload)).rowsWritten > 0;

/** Ops of a message, oldest first. */
export const opsOf = <Kind extends OpKind>(
  ctx: MailboxContext,
  messageId: string,
  kind: Kind,
): Extract<Op, { kind: Kind }>[] =>
  rowsOf<OpRow>(
    ctx,
    `SELECT ${COLUMNS} FROM ops WHERE message_id = ? AND kind = ? ORDER BY id`,
    ...[messageId, kind],
  ).map(toOp) as Extract<Op, { kind: Kind }>[];

/** The ops that are due, oldest first. */
export const dueOps = (ctx: MailboxContext, limit: number): Op[] =>
  rowsOf<OpRow>(
    ctx,
    `SELECT ${COLUMNS} FROM ops WHERE due_at <= ? ORDER BY id LIMIT ?`,
    ...[Date.now(), limit],
  ).map(toOp);

/** When the next op is due, in milliseconds since the epoch; null for never. */
export const nextOp = (ctx: MailboxContext): number | null =>
  rowOf<{ due_at: number | null }>(ctx, "SELECT min(due_at) AS due_at FROM ops")?.due_at ?? null;

/** Whether a change of a message's flags or labels is still to be made on the server: until then the server's are older. */
export const hasPending = (ctx: MailboxContext, messageId: string): boolean =>
  rowOf(ctx, "SELECT 1 AS found FROM ops WHERE message_id = ? AND kind <> 'move' LIMIT 1", messageId) !==
  undefined;

/** The UIDs that a folder has on the server alone: here they were moved away, and the server is not told yet. */
export function pendingOf(ctx: MailboxContext, folderId: string): Set<number> {
  const rows = rowsOf<{ uid: number }>(
    ctx,
    `SELECT payload ->> '$.from.uid' AS uid FROM ops
     WHERE kind = 'move' AND payload ->> '$.from.folderId' = ?1
     UNION ALL SELECT earlier.value ->> '$.uid' FROM drafts, json_each(drafts.replaces) earlier
     WHERE earlier.value ->> '$.folderId' = ?1`,
    folderId,
  );
  return new Set(rows.map(({ uid }) => uid));
}

/** Where the server has a message, with the path of each folder. What is being moved is where it was. */
export function serverPlacesOf(ctx: MailboxContext, messageId: string): (ServerPlace & { path: string })[] {
  const places = rowsOf<{ folder_id: string; uid: number; uidvalidity: string; path: string }>(
    ctx,
    `SELECT p.folder_id, p.uid, f.uidvalidity, f.path FROM places p JOIN folders f ON f.id = p.folder_id
     WHERE p.message_id = ?1 AND p.uid > 0 AND f.uidvalidity IS NOT NULL
     UNION
     SELECT f.id, o.payload ->> '$.from.uid', o.payload ->> '$.from.uidvalidity', f.path FROM ops o
     JOIN folders f ON f.id = o.payload ->> '$.from.folderId' WHERE o.message_id = ?1 AND o.kind = 'move'`,
    messageId,
  );
  return places.map(({ folder_id, ...place }) => ({ folderId: folder_id, ...place }));
}

type OpRow = {
  id: number;
  message_id: string;
  kind: OpKind;
  payload: string;
  attempts: number;
  created_at: number;
};

const COLUMNS = "id, message_id, kind, payload, attempts, created_at";

const toOp = ({ message_id, created_at, payload, ...row }: OpRow): Op => ({
  ...row,
  messageId: message_id,
  createdAt: created_at,
  payload: JSON.parse(payload),
});
