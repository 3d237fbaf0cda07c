import { ServiceError } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { Ctx, User } from "../context.ts";
import { userNotFound } from "../errors.ts";
import { presentTime } from "../present.ts";
import { readUserId } from "./find.ts";
import type { SubscriptionWrite, UsersQuery, UserWrite } from "./schemas.ts";

interface UserRow extends User {
  created_at: number;
}

const COLUMNS = sql`id, phone, first_name, lang, sender_ends_at, finder_ends_at, created_at`;

const present = ({ id, created_at, ...row }: UserRow) => ({
  telegram_id: id,
  phone: row.phone,
  first_name: row.first_name,
  lang: row.lang,
  sender_ends_at: row.sender_ends_at,
  finder_ends_at: row.finder_ends_at,
  created_at: presentTime(created_at),
});

/** @throws ServiceError not_found for what is no Telegram id */
export function userIdOf(text: string): number {
  const id = readUserId(text);
  if (id === null) throw userNotFound();
  return id;
}

/** Lists users by their Telegram ids, for operators. Reads as many rows as it lists. */
export async function listUsers({ db }: Ctx, { after, size }: UsersQuery) {
  const rows = await db.all(sql<UserRow>`
    SELECT ${COLUMNS} FROM telegram_users WHERE id > ${after} AND deleted_at IS NULL ORDER BY id LIMIT ${size + 1}`);
  const users = rows.slice(0, size).map(present);
  return { users, next: rows.length > size ? (users.at(-1)?.telegram_id ?? null) : null };
}

/** Returns a user, for operators. @throws ServiceError not_found */
export async function getUser({ db }: Ctx, id: number) {
  const [row] = await db.all(sql<UserRow>`
    SELECT ${COLUMNS} FROM telegram_users WHERE id = ${id} AND deleted_at IS NULL`);
  if (!row) throw userNotFound();
  return present(row);
}

/**
 * Makes a user, or changes one: subscriptions stay.
 * @throws ServiceError conflict while a former user of this id is being erased
 */
export async function putUser({ db }: Ctx, id: number, { phone, first_name, lang }: UserWrite) {
  const [row] = await db.all(sql<UserRow>`
    INSERT INTO telegram_users (id, phone, first_name, lang, created_at)
    VALUES (${id}, ${phone}, ${first_name}, ${lang}, ${Date.now()})
    ON CONFLICT (id) DO UPDATE SET phone = excluded.phone, first_name = excluded.first_name, lang = excluded.lang
    WHERE deleted_at IS NULL RETURNING ${COLUMNS}`);
  if (!row)
    throw new ServiceError(
      "conflict",
      "The user of this id is still being erased. Try again in ten minutes.",
    );
  return present(row);
}

/** Sets the last days of a user's subscriptions. @throws ServiceError not_found */
export async function putSubscription({ db }: Ctx, id: number, dates: SubscriptionWrite) {
  const [row] = await db.all(sql<UserRow>`
    UPDATE telegram_users SET sender_ends_at = ${dates.sender_ends_at}, finder_ends_at = ${dates.finder_ends_at}
    WHERE id = ${id} AND deleted_at IS NULL RETURNING ${COLUMNS}`);
  if (!row) throw userNotFound();
  return present(row);
}
