import { type SQL, sql } from "drizzle-orm/sql";
import { uuidv7 } from "../../lib/ids.ts";
import { nowSeconds } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { log } from "../../platform/log.ts";
import { batch, type Ctx, find } from "../context.ts";
import { notifyHub } from "../events/hub-client.ts";
import { appendEvents } from "../events/log.ts";
import { refreshFolders } from "../ingest/folders.ts";
import type { ConnectedAccount } from "../ingest/state.ts";
import { enqueueJob, enqueueJobs } from "../jobs.ts";
import { isProviderError } from "../provider/port.ts";
import type { syncs } from "../schema/intake.ts";
import { applyPage } from "./polled.ts";

const PAGE = 50;

/** One step: which backfill, and the page after which cursor. */
export interface BackfillJob {
  account_id: string;
  run: string;
  cursor: string | null;
}

type RunningAccount = ConnectedAccount & Pick<RowOf<typeof syncs>, "estimated_total">;

/**
 * Begins to read a mailbox's whole history, newest first. An earlier backfill that is still under way ends.
 * @throws Error when the first step cannot be queued
 */
export async function startBackfill(ctx: Ctx, accountId: string): Promise<void> {
  const run = uuidv7();
  const now = nowSeconds();
  await ctx.db.run(sql`
    INSERT INTO ems_syncs (account_id, run, state, moved_at, swept_until) VALUES (${accountId}, ${run}, 'running', ${now}, ${now})
    ON CONFLICT (account_id) DO UPDATE SET run = excluded.run, state = 'running', cursor = NULL, fetched = 0,
      estimated_total = NULL, oldest_at = NULL, moved_at = excluded.moved_at, failures = 0, last_error = NULL`);
  await enqueueJob(ctx, { type: "backfill", account_id: accountId, run, cursor: null });
}

/** Longer than the queue waits between two tries of a step: of a backfill that stands still, the step was lost. */
const STALLED_SECONDS = 1200;
/** After a failure it is taken up again, after gaps that grow. */
const FIRST_GAP_SECONDS = 600;
const LAST_GAP_SECONDS = 6 * 3600;
/** Of each kind, a run of the cron trigger. */
const RESUMED_PER_RUN = 1000;

/** Cron: has backfills go on where they were whose step was lost, or that an outage has ended. */
export async function resumeBackfills(ctx: Ctx): Promise<void> {
  const now = nowSeconds();
  const resume = (state: "running" | "failed", index: string, isDue: SQL) =>
    ctx.db.all(sql<BackfillJob>`
      UPDATE ems_syncs SET state = 'running', moved_at = ${now} WHERE account_id IN (
        SELECT account_id FROM ems_syncs INDEXED BY ${sql.raw(index)}
        WHERE state = ${sql.raw(`'${state}'`)} AND ${isDue} ORDER BY moved_at LIMIT ${RESUMED_PER_RUN})
      RETURNING account_id, run, cursor`);
  const gap = sql`min(${FIRST_GAP_SECONDS} << min(max(failures - 1, 0), 10), ${LAST_GAP_SECONDS})`;
  const steps = [
    ...(await resume("running", "ems_syncs_running", sql`moved_at < ${now - STALLED_SECONDS}`)),
    ...(await resume("failed", "ems_syncs_failed", sql`moved_at <= ${now} - ${gap}`)),
  ];
  await enqueueJobs(
    ctx,
    steps.map((step) => ({ body: { type: "backfill" as const, ...step } })),
  );
}

/**
 * Job: reads one page of the history and asks for the next; the last one makes the account active. The place is
 * kept in D1, so a step that comes twice finds itself outdated, and one that was lost is asked for again by cron.
 * History raises no events of its own, but one `account.synced`.
 * @throws ProviderError when the provider fails; the queue tries the step again
 */
export async function backfill(anywhere: Ctx, job: BackfillJob): Promise<void> {
  const isCurrent = sql`account_id = ${job.account_id} AND run = ${job.run} AND state = 'running'
    AND cursor IS ${job.cursor}`;
  const found = await find(
    anywhere,
    sql<RunningAccount>`
      SELECT a.id, a.company_id, a.email_address, a.grant_id, s.estimated_total
      FROM ems_syncs s JOIN ems_accounts a ON a.id = s.account_id
      WHERE ${isCurrent} AND a.grant_id IS NOT NULL AND a.status <> 'disconnected'`,
  );
  if (!found) return;
  const { ctx, row: account } = found;
  try {
    if (job.cursor === null) await refreshFolders(ctx, account);
    const observedAt = nowSeconds() * 1000;
    const query = { cursor: job.cursor, limit: PAGE };
    const page = await ctx.providerOf(account).listMessages(account.grant_id, query);
    const estimate = account.estimated_total ?? (await estimateTotal(ctx, account));
    await applyPage(ctx, account, page, { observedAt, isHistory: true });
    const dates = page.messages.flatMap(({ date }) => date ?? []);
    const oldest = dates.length ? Math.min(...dates) : null;
    const ending = page.cursor === null;
    const moved = sql`
      UPDATE ems_syncs SET cursor = ${page.cursor}, fetched = fetched + ${page.messages.length + page.unreadable.length},
        estimated_total = ${estimate}, moved_at = ${nowSeconds()}, last_error = NULL,
        state = ${ending ? "done" : "running"}, failures = iif(${ending}, 0, failures),
        oldest_at = min(coalesce(oldest_at, ${oldest}), coalesce(${oldest}, oldest_at))
      WHERE ${isCurrent} RETURNING account_id`;
    const [rows] = await batch(ctx, [moved, ...(ending ? finish(account) : [])]);
    if (rows?.length === 0) return; // this step came twice, and the other was first
    // History is told of only where it has made one thread of two.
    notifyHub(ctx, account.company_id);
    if (!ending) await enqueueJob(ctx, { ...job, type: "backfill", cursor: page.cursor });
  } catch (error) {
    await noteError(ctx, job.account_id, error);
    if (job.cursor !== null && isRefused(error)) return failBackfill(ctx, job, null);
    // It is being tried, so cron need not take it for lost.
    await ctx.db.run(sql`UPDATE ems_syncs SET moved_at = ${nowSeconds()} WHERE ${isCurrent}`).catch(() => {});
    throw error;
  }
}

/** The provider does not know the cursor any more. */
const isRefused = (error: unknown): boolean =>
  isProviderError(error, "refused") || isProviderError(error, "not_found");

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
    return await ctx.providerOf({ grant_id }).countMessages(grant_id);
  } catch (error) {
    if (!isProviderError(error)) throw error;
    return null;
  }
}

/** Shows in `GET /accounts/{id}/sync` what went wrong last. */
export async function noteError({ db }: Ctx, accountId: string, error: unknown): Promise<void> {
  const reason = isProviderError(error) ? error.message : "internal error";
  await db
    .run(sql`UPDATE ems_syncs SET last_error = ${reason} WHERE account_id = ${accountId}`)
    .catch((failure) => log("warn", "sync.error_not_noted", { accountId, error: failure }));
}

/**
 * The queue has given up on a step: the backfill has failed, until cron takes it up again.
 * @param cursor from where that is to go on; null for from the start
 */
export async function failBackfill({ db }: Ctx, job: BackfillJob, cursor = job.cursor): Promise<void> {
  await db.run(sql`
    UPDATE ems_syncs SET state = 'failed', cursor = ${cursor}, failures = failures + 1, moved_at = ${nowSeconds()},
      fetched = iif(${cursor} IS NULL, 0, fetched)
    WHERE account_id = ${job.account_id} AND run = ${job.run} AND state = 'running' AND cursor IS ${job.cursor}`);
}
