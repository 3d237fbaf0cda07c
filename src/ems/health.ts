import { sql } from "../platform/d1/sql.ts";
import { type Parts, part, probe } from "../platform/health.ts";
import { type Ctx, ofNoCompany } from "./context.ts";
import { isProviderError } from "./provider/port.ts";
import { migrations } from "./store/migrations.ts";

/** A queue is late when a message has waited longer. */
const LATE_MS = 600_000;

/** Asks the database, the bucket, the queues and the provider whether they work. */
export async function probeParts(ctx: Ctx): Promise<Parts> {
  const { ATTACHMENTS, WEBHOOKS, JOBS } = ctx.env;
  const asked = {
    database: probe(async () => part(await missingMigrations(ctx), "degraded"), part("D1 does not answer")),
    bucket: probe(
      async () => ATTACHMENTS.head("health").then(() => part(undefined)),
      part("R2 does not answer"),
    ),
    queues: probe(async () => {
      const oldest = (await Promise.all([WEBHOOKS.metrics(), JOBS.metrics()])).map(
        ({ oldestMessageTimestamp: at }) => at?.getTime() ?? Date.now(),
      );
      const isLate = Math.min(...oldest) < Date.now() - LATE_MS;
      return part(isLate && "A message has waited for more than 10 minutes", "degraded");
    }, part("The queues do not answer")),
    provider: probe(
      () => askProvider(ctx),
      part("The mail provider does not answer; mail waits", "degraded"),
    ),
  };
  const entries = Object.entries(asked).map(async ([name, answer]) => [name, await answer] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** By the list that `wrangler d1 migrations apply` keeps. */
async function missingMigrations(ctx: Ctx): Promise<string | false> {
  const [row] = await ofNoCompany(ctx).db.all(sql<{ applied: number }>`
    SELECT count(*) AS applied FROM d1_migrations`);
  const missing = migrations.length - (row?.applied ?? 0);
  return missing > 0 && `${missing} migrations are missing: npx wrangler d1 migrations apply DB --remote`;
}

/** Asks for a grant that cannot exist: only the right API key gets "not found". */
async function askProvider({ providerOf }: Ctx) {
  const grant_id = "health";
  try {
    await providerOf({ grant_id }).findGrant(grant_id);
    return part(undefined);
  } catch (error) {
    if (!isProviderError(error, "grant_dead")) throw error;
    return part("The mail provider refuses the API key");
  }
}
