import { sql } from "drizzle-orm";
import { uuidv7 } from "../../lib/ids.ts";
import { batch, type Ctx } from "../context.ts";
import { appendEvents, ring } from "../events/log.ts";
import { applyMessage } from "../messages/ingest.ts";

const STEP = 50;

interface ConnectedAccount {
  id: string;
  company_id: number;
  email_address: string;
  grant_id: string;
}

/**
 * Job: reads one page of a mailbox's history, newest first, and asks for the next; the last one makes the
 * account active. History raises no events of its own, but one `account.synced`.
 * @param cursor where the last step ended, null at the start
 * @throws ProviderError when the provider fails; the queue tries the step again
 */
export async function backfill(ctx: Ctx, accountId: string, cursor: string | null): Promise<void> {
  const [account] = await ctx.db.all<ConnectedAccount>(sql`
    SELECT id, company_id, email_address, grant_id FROM ems_accounts
    WHERE id = ${accountId} AND grant_id IS NOT NULL AND status <> 'disconnected'`);
  if (!account) return;
  const page = await ctx.provider.listMessages(account.grant_id, { cursor, limit: STEP });
  const observedAt = Date.now();
  for (const message of page.messages) {
    await applyMessage(ctx, account, { message, observedAt, cause: uuidv7(), silent: true });
  }
  if (page.cursor) await ctx.env.JOBS.send({ type: "backfill", account_id: account.id, cursor: page.cursor });
  else await finish(ctx, account);
}

async function finish(ctx: Ctx, { id, company_id }: ConnectedAccount): Promise<void> {
  await batch(ctx, [
    appendEvents(sql`
      SELECT company_id, NULL, 'account.synced', NULL, NULL, id, 'account.synced/' || ${uuidv7()}
      FROM ems_accounts WHERE id = ${id} AND status = 'syncing'`),
    sql`UPDATE ems_accounts SET status = 'active', last_sync_at = unixepoch() WHERE id = ${id} AND status = 'syncing'`,
  ]);
  ring(ctx, company_id);
}
