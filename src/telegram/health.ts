import { sql } from "../platform/d1/sql.ts";
import { type Parts, part, probe } from "../platform/health.ts";
import type { Ctx } from "./context.ts";

/** Asks the database whether it works. */
export async function probeParts({ db }: Ctx): Promise<Parts> {
  const missing = part(
    "TELEGRAM_DB does not answer, or lacks its migrations: npx wrangler d1 migrations apply TELEGRAM_DB --remote",
  );
  return {
    telegram_database: await probe(
      () => db.all(sql`SELECT 1 FROM telegram_users LIMIT 1`).then(() => part(undefined)),
      missing,
    ),
  };
}
