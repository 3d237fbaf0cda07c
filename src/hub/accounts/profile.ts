import { notFound } from "../../lib/errors.ts";
import { badField } from "../../lib/field-errors.ts";
import { isoOf, isoOrNullOf } from "../../lib/time.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import { mediaUrl } from "../media/urls.ts";
import type { ProfileResponse, UsernameResponse } from "./responses.ts";
import { USERNAME } from "./schemas.ts";

type Row = {
  id: number;
  email: string;
  username: string | null;
  first_name: string;
  last_name: string;
  bio: string;
  phone: string | null;
  picture: string | null;
  is_private: 0 | 1;
  is_staff: 0 | 1;
  date_joined: number;
  last_login: number | null;
  last_online: number | null;
};

type LocationRow = {
  id: number;
  lat: string;
  long: string;
  country: string | null;
  city: string | null;
  county: string | null;
  neighbourhood: string | null;
  created_at: number;
  updated_at: number;
};

type StatusRow = { id: number; content: string; created_at: number; updated_at: number };

/** Returns the caller's own profile. @throws ServiceError not_found when the account has just been deleted */
export async function getProfile({ db, user, origin }: UserCtx): Promise<ProfileResponse> {
  const [[row], [location], [status]] = await db.batch([
    sql<Row>`
      SELECT id, email, username, first_name, last_name, bio, phone, picture, is_private, is_staff, date_joined,
        last_login, last_online
      FROM hub_users WHERE id = ${user.id} AND deleted_at IS NULL`,
    sql<LocationRow>`
      SELECT id, lat, long, country, city, county, neighbourhood, created_at, updated_at
      FROM hub_locations WHERE user_id = ${user.id}`,
    sql<StatusRow>`SELECT id, content, created_at, updated_at FROM hub_statuses WHERE user_id = ${user.id}`,
  ]);
  if (!row) throw notFound("User");
  return {
    id: row.id,
    first_name: row.first_name,
    last_name: row.last_name,
    email: row.email,
    username: row.username,
    bio: row.bio,
    profile_picture: mediaUrl(origin, row.picture),
    phone: row.phone,
    is_private: row.is_private === 1,
    is_active: true,
    is_staff: row.is_staff === 1,
    date_joined: isoOf(row.date_joined),
    last_login: isoOrNullOf(row.last_login),
    last_online: isoOrNullOf(row.last_online),
    location: location ? toLocation(location) : null,
    status: status ? toStatus(status) : null,
  };
}

/** Tells whether nobody has a username, in any case. @throws ServiceError invalid without one */
export async function checkUsername(
  { db }: UserCtx,
  { username }: { username?: string | undefined },
): Promise<UsernameResponse> {
  if (!username) throw badField("username", "This field is required.");
  const taken = await db.all(sql`SELECT 1 FROM hub_users WHERE ${isCalled(username)}`);
  return { available: taken.length === 0 && USERNAME.test(username) };
}

/** The condition on a row of hub_users that it has a username, in any case. */
export const isCalled = (username: string) =>
  sql`username IS NOT NULL AND lower(username) = lower(${username})`;

const toLocation = ({ created_at, updated_at, ...row }: LocationRow) => ({
  ...row,
  created_at: isoOf(created_at),
  update_at: isoOf(updated_at),
});

const toStatus = ({ created_at, updated_at, ...row }: StatusRow) => ({
  ...row,
  created_at: isoOf(created_at),
  updated_at: isoOf(updated_at),
});
