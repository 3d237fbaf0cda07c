import { type SQL, sql } from "../../platform/d1/sql.ts";

// The one place that decides who sees whom: every query that shows a person, or what is theirs, asks it.

/**
 * The condition that a viewer sees a person at all: the account is not being deleted, and neither has blocked the other.
 * @param viewer an id; null for somebody who is not signed in
 * @param user an SQL expression: the row of hub_users
 */
export function isSeen(viewer: number | null, user: { id: SQL; deletedAt: SQL }): SQL {
  const isThere = sql`${user.deletedAt} IS NULL`;
  return viewer === null ? isThere : sql`${isThere} AND ${isUnblocked(viewer, user.id)}`;
}

/** The condition that neither has blocked the other. */
export const isUnblocked = (viewer: number, user: SQL): SQL => sql`
  NOT EXISTS (SELECT 1 FROM hub_blocks b WHERE b.user_id = ${viewer} AND b.blocked_id = ${user})
  AND NOT EXISTS (SELECT 1 FROM hub_blocks b WHERE b.user_id = ${user} AND b.blocked_id = ${viewer})`;

/** The condition that a person has the viewer as contact. */
export const hasAsContact = (user: SQL, viewer: number): SQL =>
  sql`EXISTS (SELECT 1 FROM hub_contacts k WHERE k.owner_id = ${user} AND k.contact_id = ${viewer})`;

/** The columns of hub_users under the alias `u`. */
export const U = {
  id: sql.raw("u.id"),
  deletedAt: sql.raw("u.deleted_at"),
  isPrivate: sql.raw("u.is_private"),
};

/**
 * The condition that a viewer sees what a person publishes: posts, and stories as their audience allows. Of a private
 * profile only its own contacts see that. The person's row has the alias `u`.
 */
export const isOpenTo = (viewer: number): SQL => sql`
  (u.id = ${viewer} OR (${isSeen(viewer, U)} AND (u.is_private = 0 OR ${hasAsContact(U.id, viewer)})))`;
