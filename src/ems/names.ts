import { nowSeconds } from "../lib/time.ts";
import type { RowOf } from "../platform/d1/rows.ts";
import { type SQL, sql } from "../platform/d1/sql.ts";
import type { users } from "./schema/users.ts";
import type { CurrentUser } from "./user.ts";

// A company's users are known only from their tokens. So a token's name is kept when its user opens the inbox or a
// thread. A user who comes without a name keeps the last one.

/** How exact `seen_at` is: a user who comes back sooner costs no write. */
const SEEN_SECONDS = 86_400;

/** What is kept of a user; null in a company that has not seen them with a name. */
export type Kept = { [Column in "name" | "seen_at"]: RowOf<typeof users>[Column] | null };

/** True if a token's name is to be kept: it is new, or its user has not been here for a day. */
export const isNews = ({ name }: CurrentUser, kept: Kept): boolean =>
  name !== null && (kept.name !== name || (kept.seen_at ?? 0) <= nowSeconds() - SEEN_SECONDS);

/** The statement that keeps a user's name in companies of one part of the database. */
export const keepName = ({ user_id, name }: CurrentUser, companies: number[]): SQL => sql`
  INSERT INTO ems_users (company_id, user_id, name, seen_at)
  SELECT value, ${user_id}, ${name}, ${nowSeconds()} FROM json_each(${JSON.stringify(companies)}) WHERE true
  ON CONFLICT (company_id, user_id) DO UPDATE SET name = excluded.name, seen_at = excluded.seen_at`;
