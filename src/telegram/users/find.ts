import { sql } from "../../platform/d1/sql.ts";
import type { Ctx, User } from "../context.ts";

/** Reads the Telegram id of a path. @returns null for anything else */
export const readUserId = (text: string): number | null =>
  /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;

/** Finds a user whose deletion has not begun. Reads one row. */
export async function findUser({ db }: Ctx, id: number): Promise<User | undefined> {
  const [user] = await db.all(sql<User>`
    SELECT id, phone, first_name, lang, sender_ends_at, finder_ends_at FROM telegram_users
    WHERE id = ${id} AND deleted_at IS NULL`);
  return user;
}
