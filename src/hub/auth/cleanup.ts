import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { Ctx } from "../context.ts";
import { WAITING_MS } from "./sign-up.ts";

/** Rows of each table in one step. */
const MOST = 500;

/** Removes sign-ups, codes, links, sessions and counts that are over. @returns how many */
export async function removeExpired({ db }: Ctx): Promise<number> {
  const now = Date.now();
  const removed = await db.batch([
    sql`DELETE FROM hub_signups WHERE email_key IN (${oldest("email_key", "hub_signups", now - WAITING_MS)})
        RETURNING 1`,
    sql`DELETE FROM hub_codes WHERE rowid IN (${oldest("rowid", "hub_codes", now)}) RETURNING 1`,
    sql`DELETE FROM hub_resets WHERE link_digest IN (${oldest("link_digest", "hub_resets", now)}) RETURNING 1`,
    sql`DELETE FROM hub_sessions
        WHERE (user_id, id) IN (${oldest("user_id, id", "hub_sessions", now)}) RETURNING 1`,
    sql`DELETE FROM hub_attempts WHERE (ends_at, key) IN (
          SELECT ends_at, key FROM hub_attempts WHERE ends_at <= ${now} ORDER BY ends_at LIMIT ${MOST})
        RETURNING 1`,
  ]);
  return removed.reduce((sum, rows) => sum + rows.length, 0);
}

const oldest = (key: string, table: string, until: number): SQL => sql`
  SELECT ${sql.raw(key)} FROM ${sql.raw(table)} WHERE expires_at <= ${until}
  ORDER BY expires_at LIMIT ${MOST}`;
