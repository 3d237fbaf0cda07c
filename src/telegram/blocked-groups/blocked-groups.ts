import { notFound } from "../../lib/errors.ts";
import { badField } from "../../lib/field-errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { Ctx } from "../context.ts";
import { presentTime } from "../present.ts";
import type { BlockedGroupsQuery, BlockedGroupWrite } from "./schemas.ts";

interface Row {
  peer: number;
  note: string;
  created_at: number;
}

const present = ({ created_at, ...row }: Row) => ({ ...row, created_at: presentTime(created_at) });

const PEER = /^-[1-9]\d{0,14}$/;

/** Lists the groups that no mailing posts to. Reads as many rows as it lists. */
export async function listBlockedGroups({ db }: Ctx, { after, size }: BlockedGroupsQuery) {
  const rows = await db.all(sql<Row>`
    SELECT peer, note, created_at FROM telegram_blocked_groups
    WHERE peer > ${after} ORDER BY peer LIMIT ${size + 1}`);
  const groups = rows.slice(0, size).map(present);
  return { blocked_groups: groups, next: rows.length > size ? (groups.at(-1)?.peer ?? null) : null };
}

/**
 * Keeps all mailings out of a group, from their next runs on. Repeatable: only the note changes.
 * @param peer as it is in the path
 * @throws ServiceError invalid for what names no group
 */
export async function blockGroup({ db }: Ctx, peer: string, { note }: BlockedGroupWrite) {
  const message = "A negative integer is required, as the Bot API names groups.";
  if (!PEER.test(peer)) throw badField("peer", message);
  const rows = await db.all(sql<Row>`
    INSERT INTO telegram_blocked_groups (peer, note, created_at) VALUES (${Number(peer)}, ${note}, ${Date.now()})
    ON CONFLICT (peer) DO UPDATE SET note = excluded.note RETURNING peer, note, created_at`);
  return rows.map(present)[0];
}

/** Lets mailings post to a group again. @throws ServiceError not_found */
export async function unblockGroup({ db }: Ctx, peer: string): Promise<void> {
  if (!PEER.test(peer)) throw notFound("Group");
  const gone = await db.all(
    sql`DELETE FROM telegram_blocked_groups WHERE peer = ${Number(peer)} RETURNING peer`,
  );
  if (gone.length === 0) throw notFound("Group");
}
