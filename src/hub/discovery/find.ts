import { notFound } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { OpenCtx, UserCtx } from "../context.ts";
import { isKnown, NOBODY, type Person, type PersonRow, personColumns, toPerson } from "../people/person.ts";
import { isSeen, U } from "../people/visibility.ts";

/** Finds a person by id. @throws ServiceError not_found, also for one who has blocked the viewer or is blocked */
export async function getPerson({ db, user, origin }: UserCtx, id: number): Promise<Person> {
  const [row] = await db.all(sql<PersonRow>`
    SELECT ${personColumns(user)} FROM hub_users u ${isKnown(user)} WHERE u.id = ${id} AND ${isSeen(user.id, U)}`);
  if (!row) throw notFound("User");
  return toPerson(row, origin);
}

/** What anybody sees of a person. */
export type PublicProfile = Pick<
  Person,
  "id" | "first_name" | "last_name" | "username" | "bio" | "profile_picture" | "is_private" | "date_joined"
>;

/**
 * Finds a person by username, in any case.
 * @throws ServiceError not_found, also for one who has blocked the viewer or is blocked
 */
export async function getPublicProfile(
  { db, origin, user }: OpenCtx & Partial<Pick<UserCtx, "user">>,
  username: string,
): Promise<PublicProfile> {
  const looker = user ?? NOBODY;
  const [row] = await db.all(sql<PersonRow>`
    SELECT ${personColumns(looker)} FROM hub_users u ${isKnown(looker)}
    WHERE lower(u.username) = lower(${username}) AND u.username IS NOT NULL AND ${isSeen(user?.id ?? null, U)}`);
  if (!row) throw notFound("User");
  const person = toPerson(row, origin);
  return {
    id: person.id,
    first_name: person.first_name,
    last_name: person.last_name,
    username: person.username,
    bio: person.bio,
    profile_picture: person.profile_picture,
    is_private: person.is_private,
    date_joined: person.date_joined,
  };
}
