import { sql } from "../../platform/d1/sql.ts";
import { rowsOf } from "../../platform/rows.ts";
import { IS_LISTED } from "./groups.ts";
import type { Scheduler } from "./state.ts";

/** A group, or chat, as the Bot API numbers it. */
interface Peer {
  peer: number;
}

/** Asks which of the user's groups the operator has blocked. `note` keeps the answer. */
export function askBlocked(scheduler: Scheduler) {
  const groups = rowsOf<{ peer: number }>(scheduler, `SELECT peer FROM groups WHERE ${IS_LISTED}`);
  const peers = jsonOf(groups);
  return {
    query: sql<Peer>`
      SELECT b.peer FROM json_each(${peers}) j CROSS JOIN telegram_blocked_groups b ON b.peer = j.value`,
    note: (blocked: Peer[]) =>
      void scheduler.sql.exec(
        `UPDATE groups SET is_blocked = peer IN (SELECT value FROM json_each(?1))
         WHERE is_blocked <> (peer IN (SELECT value FROM json_each(?1)))
           AND peer IN (SELECT value FROM json_each(?2))`,
        ...[jsonOf(blocked), peers],
      ),
  };
}

const jsonOf = (peers: Peer[]): string => JSON.stringify(peers.map(({ peer }) => peer));

/** Notes which groups the operator has blocked. @throws what the database throws: then all stays as it is */
export async function refreshBlocked(scheduler: Scheduler): Promise<void> {
  const { query, note } = askBlocked(scheduler);
  note(await scheduler.ctx.db.all(query));
}
