import { invalid, notFound } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import type { Found, Page } from "../lists.ts";
import { isKnown, type Person, type PersonRow, personColumns, toPerson } from "../people/person.ts";
import { markDeleted } from "./deletion.ts";

/** How far behind a page people are counted. Each is a row read. */
const COUNTED = 10_000;

/** Lists all people for staff, newest first: also those who have blocked the caller. */
export async function listUsers(
  { db, user, origin }: UserCtx,
  { limit, offset, isPaged }: Page,
): Promise<Found<Person>> {
  const counted = offset + (isPaged ? COUNTED : limit + 1);
  const [rows, [count]] = await db.batch([
    sql<PersonRow>`
      SELECT ${personColumns(user)} FROM hub_users u ${isKnown(user)} WHERE u.deleted_at IS NULL
      ORDER BY u.id DESC LIMIT ${limit} OFFSET ${offset}`,
    sql<{ total: number }>`
      SELECT count(*) AS total FROM (SELECT 1 FROM hub_users WHERE deleted_at IS NULL LIMIT ${counted})`,
  ]);
  return { items: rows.map((row) => toPerson(row, origin)), total: count?.total ?? 0 };
}

/** Returns a person for staff. @throws ServiceError not_found */
export async function getUser({ db, user, origin }: UserCtx, id: number): Promise<Person> {
  const [row] = await db.all(sql<PersonRow>`
    SELECT ${personColumns(user)} FROM hub_users u ${isKnown(user)} WHERE u.id = ${id} AND u.deleted_at IS NULL`);
  if (!row) throw notFound("User");
  return toPerson(row, origin);
}

/**
 * Deletes somebody's account for staff. Security: one's own needs the password and the code.
 * @throws ServiceError not_found; invalid for the caller's own
 */
export async function deleteUser(ctx: UserCtx, id: number): Promise<void> {
  if (id === ctx.user.id) throw invalid("Delete your own account by /api/accounts/account/delete/.");
  if (!(await markDeleted(ctx, id))) throw notFound("User");
}
