import { sql } from "../platform/d1/sql.ts";
import { type Part, type Parts, part, probe } from "../platform/health.ts";
import { configuredPart } from "./config.ts";
import type { Ctx } from "./context.ts";
import { accountObject, callerOf } from "./scheduler/state.ts";

/** No phone, and nobody. */
const NOBODY = 0;

/** Asks the database and the script of the accounts whether they work. */
export async function probeParts(ctx: Ctx): Promise<Parts> {
  const [telegram_database, telegram] = await Promise.all([
    probe(
      () => ctx.db.all(sql`SELECT 1 FROM telegram_users LIMIT 1`).then(() => part(undefined)),
      part(
        "TELEGRAM_DB does not answer, or lacks its migrations: npx wrangler d1 migrations apply TELEGRAM_DB --remote",
      ),
    ),
    probe(() => askAccounts(ctx), part("The script xabar-telegram does not answer: deploy it", "degraded")),
  ]);
  return { telegram_database, telegram };
}

/** Without Telegram's terms the accounts are not asked: the configuration says why. */
async function askAccounts(ctx: Ctx): Promise<Part> {
  const answer = await accountObject({ ctx }, NOBODY)?.ready(callerOf({ ctx, user: NOBODY }));
  return answer && !answer.ok ? part(answer.reason, "degraded") : configuredPart(ctx.env);
}
