import { uuidv7 } from "../../lib/ids.ts";
import { nowSeconds } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import { batch, type Ctx } from "../context.ts";
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
export async function startBackfill(
  ctx: Ctx,
  { id, company_id }: Pick<ConnectedAccount, "id" | "company_id">,
): Promise<void> {
  const run = uuidv7();
  const now = nowSeconds();
  await ctx.db.run(sql`
    INSERT INTO ems_syncs (account_id, run, state, moved_at, swept_until) VALUES (${id}, ${run}, 'running', ${now}, ${now})
    ON CONFLICT (account_id) DO UPDATE SET run = excluded.run, state = 'running', cursor = NULL, fetched = 0,
      estimated_total = NULL, oldest_at = NULL, moved_at = excluded.moved_at, failures = 0, last_error = NULL`);
  await enqueueJob(ctx, { type: "backfill", company_id, account_id: id, run, cursor: null });
}

/** The company of a row of ems_syncs; null once its account is erased. */
export const companyOfSync = sql`(SELECT company_id FROM ems_accounts WHERE id = ems_syncs.account_id)`;

/** Longer than the queue waits between two tries of a step: a backfill that stands still has lost its step. */
const STALLED_SECONDS = 1200;
/** A failed backfill resumes after gaps that grow. */
const FIRST_GAP_SECONDS = 600;
const LAST_GAP_SECONDS = 6 * 3600;
/** Per cron run, of each kind. */
const RESUMED_PER_RUN = 1000;

/** Cron: resumes backfills whose step was lost, or that failed some time ago. */
export async function resumeBackfills(ctx: Ctx): Promise<void> {
  const now = nowSeconds();
  const resume = (state: "running" | "failed", index: string, isDue: SQL) =>
    ctx.db.all(sql<BackfillJob & { company_id: number | null }>`
      UPDATE ems_syncs SET state = 'running', moved_at = ${now} WHERE account_id IN (
        SELECT account_id FROM ems_syncs INDEXED BY ${sql.raw(index)}
        WHERE state = ${sql.raw(`'${state}'`)} AND ${isDue} ORDER BY moved_at LIMIT ${RESUMED_PER_RUN})
      RETURNING account_id, run, cursor, ${companyOfSync} AS company_id`);
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
 * Job: reads one page of the history and enqueues the next step. The last page makes the account active. D1 keeps
 * the position: a step that comes twice finds itself outdated, and cron enqueues a lost one again. History raises no
 * events but one `account.synced`.
 * @throws ProviderError when the provider fails; the queue tries the step again
 */
export async function backfill(ctx: Ctx, job: BackfillJob): Promise<void> {
  const [account] = await ctx.db.all(sql<RunningAccount>`
    SELECT a.id, a.company_id, a.email_address, a.grant_id, s.estimated_total
    FROM ems_syncs s JOIN ems_accounts a ON a.id = s.account_id
    WHERE ${isCurrent(job)} AND a.grant_id IS NOT NULL AND a.status <> 'disconnected'`);
  if (!account) return;
  try {
    await runStep(ctx, account, job);
  } catch (error) {
    await noteError(ctx, job.account_id, error);
    if (job.cursor !== null && isRefused(error)) return failBackfill(ctx, job, null);
    // The queue tries it again, so cron must not take it for lost.
    const touch = sql`UPDATE ems_syncs SET moved_at = ${nowSeconds()} WHERE ${isCurrent(job)}`;
    await ctx.db.run(touch).catch(() => {});
    throw error;
  }
}

/** The row of a backfill that still waits for this step. */
const isCurrent = ({ account_id, run, cursor }: BackfillJob): SQL => sql`account_id = ${account_id}
  AND run = ${run} AND state = 'running' AND cursor IS ${cursor}`;

async function runStep(ctx: Ctx, account: RunningAccount, job: BackfillJob): Promise<void> {
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
    WHERE ${isCurrent(job)} RETURNING account_id`;
  const [rows] = await batch(ctx, [moved, ...(ending ? finish(account) : [])]);
  if (rows?.length === 0) return; // the step came twice, and the other was first
  // History raises events only where it joins two threads.
  notifyHub(ctx, account.company_id);
  if (!ending)
    await enqueueJob(ctx, { ...job, type: "backfill", company_id: account.company_id, cursor: page.cursor });
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

/** Only shown to people: the backfill goes on without it. */
async function estimateTotal(ctx: Ctx, { grant_id }: RunningAccount): Promise<number | null> {
  try {
    return await ctx.providerOf({ grant_id }).countMessages(grant_id);
  } catch (error) {
    if (!isProviderError(error)) throw error;
    return null;
  }
}

/** Notes the last failure, which `GET /accounts/{id}/sync` shows. */
export async function noteError({ db }: Ctx, accountId: string, error: unknown): Promise<void> {
  const reason = isProviderError(error) ? error.message : "internal error";
  await db
    .run(sql`UPDATE ems_syncs SET last_error = ${reason} WHERE account_id = ${accountId}`)
    .catch((failure) => log("warn", "sync.error_not_noted", { account: accountId, error: failure }));
}

/**
 * Marks a backfill as failed until cron resumes it: the queue has given up on its step.
 * @param cursor where to resume; null for the start
 */
export async function failBackfill({ db }: Ctx, job: BackfillJob, cursor = job.cursor): Promise<void> {
  await db.run(sql`
    UPDATE ems_syncs SET state = 'failed', cursor = ${cursor}, failures = failures + 1, moved_at = ${nowSeconds()},
      fetched = iif(${cursor} IS NULL, 0, fetched)
    WHERE account_id = ${job.account_id} AND run = ${job.run} AND state = 'running' AND cursor IS ${job.cursor}`);
}
