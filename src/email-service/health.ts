import { sql } from "../platform/d1/sql.ts";
import { type Parts, part, probe } from "../platform/health.ts";
import type { Ctx } from "./context.ts";
import { ask, isNotFound } from "./engine.ts";

/** An owner whose mailbox does not exist. */
const NOBODY = { accountId: "health", tenantId: "health", userId: "health" };

/** Asks the database and the mailboxes' script whether they work. */
export async function probeParts(ctx: Ctx): Promise<Parts> {
  const [email_service_database, mailboxes] = await Promise.all([
    probe(
      () => ctx.db.all(sql`SELECT 1 FROM es_totals LIMIT 1`).then(() => part(undefined)),
      part(
        "EMAIL_SERVICE_DB does not answer, or lacks its migrations: npx wrangler d1 migrations apply EMAIL_SERVICE_DB --remote",
      ),
    ),
    probe(() => askNobody(ctx), part("The script xabar-mailbox does not answer: deploy it", "degraded")),
  ]);
  return { email_service_database, mailboxes };
}

/** A script that works says that there is no such mailbox. */
async function askNobody(ctx: Ctx) {
  try {
    await ask(ctx, NOBODY, (mailbox, owner) => mailbox.status(owner));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return part(undefined);
}
