import { type SQL, sql } from "../../../platform/d1/sql.ts";
import type { Room } from "./state.ts";

/** How often a room reports, at most, in milliseconds. */
export const REPORT_MS = 10_000;

/** What the database knows of a room. */
interface Reported {
  /** In milliseconds since the epoch: what was read before it is known. */
  at: number;
  /** The position up to which all is known. */
  seq: number;
}

/**
 * Tells the database the newest message, what was deleted, and who has read how far: for lists of rooms and unread counts.
 * Repeating it does no harm.
 * @throws Error when the database fails: it is to be repeated
 */
export async function report(room: Room): Promise<void> {
  const { ctx, id, log, storage } = room;
  const known = storage.kv.get<Reported>("reported") ?? { at: 0, seq: 0 };
  const now: Reported = { at: Date.now(), seq: log.seq };
  const reads = room.reads.since(known.at);
  if (now.seq > known.seq || reads.length > 0) {
    await ctx.db.batch([
      changesOf(room),
      deletionsOf(room, known.seq),
      // Materialized, so that it looks up each reader, and does not go through all members.
      sql`
        WITH p AS MATERIALIZED (
          SELECT value ->> 'user' AS user, value ->> 'number' AS number FROM json_each(${JSON.stringify(reads)}))
        UPDATE hub_room_members AS m SET read_number = p.number FROM p
        WHERE m.room_id = ${id} AND m.user_id = p.user AND m.read_number < p.number`,
    ]);
    storage.kv.put("reported", now);
  }
}

function changesOf({ id, log }: Room): SQL {
  const last = log.last();
  return sql`
    UPDATE hub_rooms SET last_seq = ${log.seq}, last_number = ${log.number}, cleared_number = ${log.clearedNumber},
      last_message = ${last && JSON.stringify(last)}, active_at = max(active_at, ${last?.at ?? 0})
    WHERE id = ${id} AND last_seq <= ${log.seq}`;
}

function deletionsOf({ id, log }: Room, since: number): SQL[] {
  const numbers = JSON.stringify(log.deletedAfter(since));
  return [
    // Not of a room that has ended: nothing would remove them.
    sql`INSERT INTO hub_room_deletions (room_id, number)
        SELECT r.id, value FROM hub_rooms r CROSS JOIN json_each(${numbers})
        WHERE r.id = ${id} AND r.deleted_at IS NULL ON CONFLICT DO NOTHING`,
    sql`DELETE FROM hub_room_deletions WHERE room_id = ${id} AND number <= ${log.clearedNumber}`,
  ];
}

/** Whether there is something to report. */
export const isReportDue = ({ log, reads, storage }: Room): boolean => {
  const known = storage.kv.get<Reported>("reported") ?? { at: 0, seq: 0 };
  return log.seq > known.seq || reads.since(known.at).length > 0;
};

/** When the last report was made, in milliseconds since the epoch. */
export const reportedAt = ({ storage }: Room): number => storage.kv.get<Reported>("reported")?.at ?? 0;
