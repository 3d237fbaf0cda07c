import { sql } from "../../platform/d1/sql.ts";
import { IS_LISTED } from "./groups.ts";
import { rowsOf, type Scheduler } from "./state.ts";

/** Notes which groups the operator has blocked. @throws what the database throws: then all stays as it is */
export async function refreshBlocked(scheduler: Scheduler): Promise<void> {
  const groups = rowsOf<{ peer: number }>(scheduler, `SELECT peer FROM groups WHERE ${IS_LISTED}`);
  if (groups.length === 0) return;
  const peers = JSON.stringify(groups.map(({ peer }) => peer));
  const found = await scheduler.ctx.db.all(sql<{ peer: number }>`
    SELECT b.peer FROM json_each(${peers}) j CROSS JOIN telegram_blocked_groups b ON b.peer = j.value`);
  scheduler.sql.exec(
    `UPDATE groups SET is_blocked = peer IN (SELECT value FROM json_each(?1))
     WHERE is_blocked <> (peer IN (SELECT value FROM json_each(?1)))
       AND peer IN (SELECT value FROM json_each(?2))`,
    ...[JSON.stringify(found.map(({ peer }) => peer)), peers],
  );
}
