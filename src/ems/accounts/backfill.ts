import { sql } from "drizzle-orm";
import { uuidv7 } from "../../lib/ids.ts";
import { log } from "../../lib/log.ts";
import { nowSeconds } from "../../lib/time.ts";
import { batch, type Ctx } from "../context.ts";
import { appendEvents, ring } from "../events/log.ts";
import { refreshFolders } from "../messages/folders.ts";
import { applyMessage } from "../messages/ingest.ts";
import type { ConnectedAccount } from "../messages/state.ts";
import { ProviderError } from "../provider/port.ts";

const PAGE = 50;

/** One step: which backfill, and the page after which cursor. */
export interface BackfillJob {
  account_id: string;
  run: string;
  cursor: string | null;
}

interface RunningAccount extends ConnectedAccount {
  estimated_total: number | null;
}

/**
 * Begins to read a mailbox's whole history, newest first. An earlier backfill that is still under way ends.
 * @throws Error when the first step cannot be queued
 */
export async function startBackfill({ db, env }: Ctx, accountId: string): Promise<void> {
  const run = uuidv7();
  const now = nowSeconds();
  await db.run(sql`
    INSERT INTO ems_syncs (account_id, run, state, moved_at, swept_until) VALUES (${accountId}, ${run}, 'running', ${now}, ${now})
    ON CONFLICT (account_id) DO UPDATE SET run = excluded.run, state = 'running', cursor = NULL, fetched = 0,
      estimated_total = NULL, oldest_at = NULL, moved_at = excluded.moved_at, last_error = NULL`);
  await env.JOBS.send({ type: "backfill", account_id: accountId, run, cursor: null });
}

/**
 * Job: reads one page of the history and asks for the next; the last one makes the account active. The place is
 * kept in D1, so a step that comes twice finds itself outdated, and one that was lost is asked for again by the
 * sweep. History raises no events of its own, but one `account.synced`.
 * @throws ProviderError when the provider fails; the queue tries the step again
 */
export async function backfill(ctx: Ctx, job: BackfillJob): Promise<void> {
  const isCurrent = sql`account_id = ${job.account_id} AND run = ${job.run} AND state = 'running'
    AND cursor IS ${job.cursor}`;
  const [account] = await ctx.db.all<RunningAccount>(sql`
    SELECT a.id, a.company_id, a.email_address, a.grant_id, s.estimated_total
    FROM ems_syncs s JOIN ems_accounts a ON a.id = s.account_id
    WHERE ${isCurrent} AND a.grant_id IS NOT NULL AND a.status <> 'disconnected'`);
  if (!account) return;
  try {
    if (job.cursor === null) await refreshFolders(ctx, account);
    const page = await ctx.provider.listMessages(account.grant_id, { cursor: job.cursor, limit: PAGE });
    const estimate = account.estimated_total ?? (await estimateTotal(ctx, account));
    const observedAt = nowSeconds() * 1000;
    for (const message of page.messages) {
      await applyMessage(ctx, account, { message, observedAt, cause: uuidv7(), silent: true });
    }
    const oldest = Math.min(...page.messages.flatMap(({ date }) => date ?? []));
    const ending = page.cursor === null;
    const moved = sql`
      UPDATE ems_syncs SET cursor = ${page.cursor}, fetched = fetched + ${page.messages.length},
        estimated_total = ${estimate}, moved_at = unixepoch(), last_error = NULL, state = ${ending ? "done" : "running"},
        oldest_at = min(coalesce(oldest_at, ${MAX_TIME}), ${Number.isFinite(oldest) ? oldest : MAX_TIME})
      WHERE ${isCurrent} RETURNING account_id`;
    const [rows] = await batch(ctx, [moved, ...(ending ? finish(account) : [])]);
    if (rows?.length === 0) return; // this step came twice, and the other was first
    // History is told of only where it has made one thread of two.
    ring(ctx, account.company_id);
    if (!ending) await ctx.env.JOBS.send({ ...job, type: "backfill", cursor: page.cursor });
  } catch (error) {
    await noteError(ctx, job.account_id, error);
    throw error;
  }
}

/** For a mailbox without any mail there is no oldest date. */
const MAX_TIME = 253_402_300_799;

/** Harmless when repeated: only a syncing account becomes active, and only then there is an event. */
const finish = ({ id }: RunningAccount) => [
  appendEvents(sql`
    SELECT company_id, NULL, 'account.synced', NULL, NULL, id, 'account.synced/' || ${uuidv7()}
    FROM ems_accounts WHERE id = ${id} AND status = 'syncing'`),
  sql`UPDATE ems_accounts SET status = 'active', last_sync_at = unixepoch() WHERE id = ${id} AND status = 'syncing'`,
];

/** Only a figure for people: without it the backfill goes on. */
async function estimateTotal(ctx: Ctx, { grant_id }: RunningAccount): Promise<number | null> {
  try {
    return await ctx.provider.countMessages(grant_id);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return null;
  }
}

/** Shows in `GET /accounts/{id}/sync` what went wrong last. */
export async function noteError({ db }: Ctx, accountId: string, error: unknown): Promise<void> {
  const reason = error instanceof ProviderError ? error.message : "internal error";
  await db
    .run(sql`UPDATE ems_syncs SET last_error = ${reason} WHERE account_id = ${accountId}`)
    .catch((failure) => log("warn", "sync.error_not_noted", { accountId, error: failure }));
}

/** The queue has given up on a step: the backfill has failed, until somebody starts it again. */
export const failBackfill = ({ db }: Ctx, { account_id, run }: BackfillJob) =>
  db.run(sql`UPDATE ems_syncs SET state = 'failed' WHERE account_id = ${account_id} AND run = ${run}`);
