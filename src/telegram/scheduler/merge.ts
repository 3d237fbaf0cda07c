import { rowOf, rowsOf } from "../../platform/rows.ts";
import type { FoundGroup } from "../../telegram-account/contract.ts";
import type { Scheduler } from "./state.ts";

/** What json_each reads of a found group. Each value is one of ours, not of SQL. */
const FOUND = `(SELECT key AS place, value ->> 'peer' AS peer, value ->> 'title' AS title,
  value ->> 'username' AS username, value ->> 'accessHash' AS access_hash FROM json_each(?1))`;

/**
 * Takes over which groups an account may write in. What is unchanged is not written again. Ids and exclusions stay, also
 * when a basic group has become a supergroup.
 * @param found all groups of the account: from any other it is gone
 */
export const mergeGroups = (scheduler: Scheduler, phone: number, found: FoundGroup[]): void =>
  scheduler.storage.transactionSync(() => {
    // It may have been removed while Telegram was asked.
    if (!rowOf(scheduler, "SELECT 1 FROM accounts WHERE phone = ? AND state <> 'connecting'", phone)) return;
    const { sql } = scheduler;
    const groups = [...new Map(found.map((group) => [group.peer, group])).values()];
    for (const { peer, formerPeer } of groups) if (formerPeer !== null) follow(scheduler, formerPeer, peer);
    const json = JSON.stringify(groups);
    sql.exec(
      `UPDATE groups SET title = f.title, username = f.username, out_reason = NULL, refusals = 0 FROM ${FOUND} f
       WHERE groups.peer = f.peer AND (groups.title <> f.title OR groups.username IS NOT f.username
         OR groups.out_reason IS NOT NULL OR groups.refusals <> 0)`,
      json,
    );
    sql.exec(
      `INSERT INTO groups (peer, title, username) SELECT f.peer, f.title, f.username FROM ${FOUND} f
       WHERE NOT EXISTS (SELECT 1 FROM groups g WHERE g.peer = f.peer) ORDER BY f.place`,
      json,
    );
    sql.exec(
      `DELETE FROM memberships WHERE phone = ?2
         AND group_id NOT IN (SELECT g.id FROM ${FOUND} f CROSS JOIN groups g ON g.peer = f.peer)`,
      ...[json, phone],
    );
    sql.exec(
      `INSERT INTO memberships (group_id, phone, access_hash)
       SELECT g.id, ?2, f.access_hash FROM ${FOUND} f CROSS JOIN groups g ON g.peer = f.peer WHERE TRUE
       ON CONFLICT (group_id, phone) DO UPDATE SET access_hash = excluded.access_hash
         WHERE access_hash IS NOT excluded.access_hash`,
      ...[json, phone],
    );
  });

/** Gives a supergroup the place of the basic group that it was. If both have rows by now, the older one stays. */
function follow(scheduler: Scheduler, formerPeer: number, peer: number): void {
  const rows = rowsOf<{ id: number; peer: number }>(
    scheduler,
    "SELECT id, peer FROM groups WHERE peer IN (?, ?) ORDER BY id",
    ...[formerPeer, peer],
  );
  const [kept, other] = rows;
  if (!kept || formerPeer === peer) return;
  // Nobody finds the former peer any more, but its row keeps its id. No group has the peer 0.
  if (other) {
    unite(scheduler, kept.id, other.id);
    if (kept.peer !== peer) scheduler.sql.exec("UPDATE groups SET peer = 0 WHERE id = ?", other.id);
  }
  if (kept.peer !== peer) scheduler.sql.exec("UPDATE groups SET peer = ? WHERE id = ?", peer, kept.id);
  if (other && kept.peer !== peer)
    scheduler.sql.exec("UPDATE groups SET peer = ? WHERE id = ?", formerPeer, other.id);
}

/** Moves what one row of a group has to the older one. */
function unite(scheduler: Scheduler, kept: number, other: number): void {
  if (!rowOf(scheduler, "SELECT 1 FROM memberships WHERE group_id = ?", other)) return;
  const { sql } = scheduler;
  // Safety: what either excludes stays excluded, and a run that has posted under one id does not post under the other.
  sql.exec(
    `UPDATE groups SET is_excluded = 1 WHERE id IN (?1, ?2)
       AND EXISTS (SELECT 1 FROM groups WHERE id IN (?1, ?2) AND is_excluded = 1)`,
    ...[kept, other],
  );
  sql.exec(
    `UPDATE groups SET last_posted_at = o.last_posted_at FROM groups o
     WHERE groups.id = ? AND o.id = ? AND o.last_posted_at > COALESCE(groups.last_posted_at, 0)`,
    ...[kept, other],
  );
  sql.exec(
    `INSERT OR IGNORE INTO deliveries (run_id, group_id, state, reason, ended_at)
     SELECT d.run_id, ?, 'skipped', 'united', ? FROM runs r JOIN deliveries d ON d.run_id = r.id
     WHERE r.ended_at IS NULL AND d.group_id = ? AND d.state IN ('sending', 'sent', 'unknown')`,
    ...[kept, Date.now(), other],
  );
  sql.exec(
    `INSERT OR IGNORE INTO memberships (group_id, phone, access_hash)
     SELECT ?, phone, access_hash FROM memberships WHERE group_id = ?`,
    ...[kept, other],
  );
  sql.exec("DELETE FROM memberships WHERE group_id = ?", other);
}
