import { rowsOf } from "../../platform/rows.ts";
import type { Group } from "./contract.ts";
import type { Scheduler } from "./state.ts";

/** Groups in which an account of the user may write. Others keep their rows, since their ids are stable. */
export const IS_LISTED = "EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = groups.id)";

/** All groups of the user's accounts, also those without posts because the user or the operator wants none there. */
export const listGroups = (scheduler: Scheduler): Group[] =>
  rowsOf<{ id: number; title: string; username: string | null; is_excluded: number }>(
    scheduler,
    `SELECT id, title, username, is_excluded FROM groups WHERE ${IS_LISTED} ORDER BY id`,
  ).map(({ is_excluded, ...group }) => ({ ...group, isExcluded: is_excluded === 1 }));

/**
 * Keeps posts out of these groups, and out of no others that are listed. A group that is not listed now stays excluded: a
 * caller cannot see it.
 * @returns unknown ids: with any, nothing is changed
 */
export function exclude(scheduler: Scheduler, ids: number[]): number[] {
  const list = JSON.stringify(ids);
  const unknown = rowsOf<{ id: number }>(
    scheduler,
    "SELECT DISTINCT value AS id FROM json_each(?) WHERE value NOT IN (SELECT id FROM groups)",
    list,
  );
  if (unknown.length) return unknown.map(({ id }) => id);
  scheduler.sql.exec(
    `UPDATE groups SET is_excluded = id IN (SELECT value FROM json_each(?1))
     WHERE is_excluded <> (id IN (SELECT value FROM json_each(?1)))
       AND (id IN (SELECT value FROM json_each(?1)) OR ${IS_LISTED})`,
    list,
  );
  return [];
}
