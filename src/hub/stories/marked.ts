import { badField } from "../../lib/field-errors.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import { isSeen, U } from "../people/visibility.ts";

/**
 * Requires that the user sees everybody who is to be marked.
 * @throws ServiceError invalid for an id of nobody, and in the same words for somebody who is blocked either way
 */
export async function requireSeen({ db, user }: UserCtx, ids: number[]): Promise<void> {
  if (ids.length === 0) return;
  const [absent] = await db.all(sql<{ value: number }>`
    SELECT value FROM json_each(${JSON.stringify(ids)})
    WHERE NOT EXISTS (SELECT 1 FROM hub_users u WHERE u.id = value AND ${isSeen(user.id, U)}) LIMIT 1`);
  if (absent) throw badField("marked", `Invalid pk "${absent.value}" - object does not exist.`);
}

/**
 * Marks people, but for those who have blocked the user meanwhile.
 * @param story a condition for one row of hub_stories with the alias `s`
 */
export const markPeople = ({ user }: UserCtx, story: SQL, ids: number[]): SQL => sql`
  INSERT OR IGNORE INTO hub_story_marked (story_id, user_id)
  SELECT s.id, u.id FROM hub_stories s CROSS JOIN json_each(${JSON.stringify(ids)}) j CROSS JOIN hub_users u
  WHERE ${story} AND u.id = j.value AND ${isSeen(user.id, U)}`;

/** Unmarks all but the given people. @param story as for `markPeople` */
export const unmarkOthers = (story: SQL, ids: number[]): SQL => sql`
  DELETE FROM hub_story_marked WHERE story_id IN (SELECT s.id FROM hub_stories s WHERE ${story})
    AND user_id NOT IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`;
