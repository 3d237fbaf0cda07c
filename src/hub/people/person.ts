import { isoOf, isoOrNullOf } from "../../lib/time.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { Viewer } from "../context.ts";
import { mediaUrl } from "../media/urls.ts";

/** A person, as others see one. */
export interface Person {
  id: number;
  first_name: string;
  last_name: string;
  username: string | null;
  bio: string;
  profile_picture: string | null;
  phone: string | null;
  is_private: boolean;
  is_active: boolean;
  is_staff: boolean;
  date_joined: string;
  last_login: string | null;
  last_online: string | null;
}

export type PersonRow = {
  id: number;
  first_name: string;
  last_name: string;
  username: string | null;
  bio: string;
  picture: string | null;
  phone: string | null;
  is_private: 0 | 1;
  is_staff: 0 | 1;
  date_joined: number;
  last_login: number | null;
  last_online: number | null;
};

/** Who looks: somebody signed in, or nobody. */
export type Looker = Pick<Viewer, "id" | "isStaff">;
export const NOBODY: Looker = { id: 0, isStaff: false };

/**
 * The columns of a person as a viewer sees them, for `SELECT`. They need `hub_users u` and `isKnown`. What the viewer may
 * not see is null, false or empty:
 * - phone: for oneself, staff and whom the person has as contact;
 * - last_online: for oneself and whom the person has as contact;
 * - last_login, is_staff: for oneself;
 * - bio of a private profile: for oneself, staff and whom the person has as contact.
 */
export function personColumns({ id, isStaff }: Looker): SQL {
  const isSelf = sql`u.id = ${id}`;
  const isClose = sql`(${isSelf} OR k.id IS NOT NULL)`;
  const mayRead = sql`(${isClose} OR ${isStaff ? 1 : 0})`;
  return sql`u.id, u.first_name, u.last_name, u.username, u.picture, u.is_private, u.date_joined,
    iif(u.is_private = 0 OR ${mayRead}, u.bio, '') AS bio,
    iif(${mayRead}, u.phone, NULL) AS phone,
    iif(${isClose}, u.last_online, NULL) AS last_online,
    iif(${isSelf}, u.last_login, NULL) AS last_login,
    iif(${isSelf}, u.is_staff, 0) AS is_staff`;
}

/** For `FROM`, after `hub_users u`: whether the person has the viewer as contact. */
export const isKnown = ({ id }: Pick<Viewer, "id">): SQL =>
  sql`LEFT JOIN hub_contacts k ON k.owner_id = u.id AND k.contact_id = ${id}`;

/** @param origin the module's public base URL */
export const toPerson = (row: PersonRow, origin: string): Person => ({
  id: row.id,
  first_name: row.first_name,
  last_name: row.last_name,
  username: row.username,
  bio: row.bio,
  profile_picture: mediaUrl(origin, row.picture),
  phone: row.phone,
  is_private: row.is_private === 1,
  // Nobody sees an account whose deletion has begun.
  is_active: true,
  is_staff: row.is_staff === 1,
  date_joined: isoOf(row.date_joined),
  last_login: isoOrNullOf(row.last_login),
  last_online: isoOrNullOf(row.last_online),
});
