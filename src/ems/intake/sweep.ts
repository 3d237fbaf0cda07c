import { nowSeconds } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { sql } from "../../platform/d1/sql.ts";
import { batch, type Ctx } from "../context.ts";
import type { ConnectedAccount } from "../ingest/state.ts";
import { askForSuspects, OVERLAP_SECONDS, suspectMissing } from "../ingest/suspects.ts";
import { enqueueJob, enqueueJobs } from "../jobs.ts";
import type { syncs } from "../schema/intake.ts";
import { audit } from "./audit.ts";
import { companyOfSync, noteError } from "./backfill.ts";
import { applyPage, idsOn } from "./polled.ts";

const PAGE = 50;
/** Mail younger than this may still have its notification on the way. */
const SETTLING_SECONDS = 120;
/** Longer than the queue waits between two tries of a step: an older sweep has lost its next step. */
const LEASE_SECONDS = 1800;
/** Accounts per cron run, the longest unswept first. */
const ACCOUNTS_PER_RUN = 2000;

/** One step of a sweep; without a window it is the first. */
export interface SweepJob {
  account_id: string;
  /** The time of the previous step, which names the sweep. A sweep that began since makes this one stop. */
  since?: number | undefined;
  window: {
    from: number;
    until: number;
    cursor: string;
    /** The oldest date on the previous pages. */
    seen: number;
  } | null;
}

/** Cron: starts sweeps of the accounts that have waited longest, unless their last sweep is still under way. */
export async function scheduleSweeps(ctx: Ctx): Promise<void> {
  const now = nowSeconds();
  const due = await ctx.db.all(sql<{ account_id: string; company_id: number | null; since: number }>`
    UPDATE ems_syncs SET sweeping_since = ${now} WHERE account_id IN (
      SELECT s.account_id FROM ems_syncs s INDEXED BY ems_syncs_swept CROSS JOIN ems_accounts a ON a.id = s.account_id
      WHERE a.status <> 'disconnected' AND a.grant_id IS NOT NULL
        AND coalesce(s.sweeping_since, 0) < ${now - LEASE_SECONDS}
      ORDER BY s.swept_until LIMIT ${ACCOUNTS_PER_RUN})
    RETURNING account_id, sweeping_since AS since, ${companyOfSync} AS company_id`);
  await enqueueJobs(
    ctx,
    due.map((account) => ({ body: { type: "sweep" as const, window: null, ...account } })),
  );
}

/** Starts a sweep of an account now. A sweep that is under way stops. */
export const enqueueSweep = (
  ctx: Ctx,
  { id, company_id }: Pick<ConnectedAccount, "id" | "company_id">,
): Promise<void> => enqueueJob(ctx, { type: "sweep", company_id, account_id: id, window: null });

type SweptAccount = ConnectedAccount &
  Pick<RowOf<typeof syncs>, "swept_until" | "sweeping_since" | "state" | "audited_until">;

/**
 * Job: reads one page of the mail that came since the last sweep, and stores what no notification brought. New mail
 * raises the same events as any other. The last step also asks for suspects, and audits a page of the whole mailbox
 * once its history is read.
 * @throws ProviderError when the provider fails; the queue tries the step again
 */
export async function sweep(ctx: Ctx, job: SweepJob): Promise<void> {
  const [account] = await ctx.db.all(sql<SweptAccount>`
    SELECT a.id, a.company_id, a.email_address, a.grant_id, s.swept_until, s.sweeping_since, s.state, s.audited_until
    FROM ems_accounts a JOIN ems_syncs s ON s.account_id = a.id
    WHERE a.id = ${job.account_id} AND a.grant_id IS NOT NULL AND a.status <> 'disconnected'`);
  if (!account) return;
  if (job.since !== undefined && job.since !== account.sweeping_since) return; // another has begun since
  try {
    await runStep(ctx, account, job.window ?? firstWindow(account));
  } catch (error) {
    await noteError(ctx, account.id, error);
    throw error;
  }
}

async function runStep(ctx: Ctx, account: SweptAccount, window: Window): Promise<void> {
  const next = await readPage(ctx, account, window);
  if (!next) {
    const repaired = await askForSuspects(ctx, account);
    const audited = account.state === "done" ? await audit(ctx, account, account.audited_until) : undefined;
    await endSweep(ctx, account, repaired, audited);
    return;
  }
  const since = nowSeconds();
  await ctx.db.run(sql`UPDATE ems_syncs SET sweeping_since = ${since} WHERE account_id = ${account.id}`);
  const { id, company_id } = account;
  await enqueueJob(ctx, { type: "sweep", company_id, account_id: id, since, window: next });
}

type Window = Omit<NonNullable<SweepJob["window"]>, "cursor"> & { cursor: string | null };

const firstWindow = ({ swept_until }: SweptAccount): Window => {
  const until = nowSeconds() - SETTLING_SECONDS;
  return { from: swept_until - OVERLAP_SECONDS, until, seen: until, cursor: null };
};

/** @returns where the next page begins; null when this was the last */
async function readPage(ctx: Ctx, account: SweptAccount, window: Window): Promise<SweepJob["window"]> {
  const observedAt = nowSeconds() * 1000;
  const page = await ctx.providerOf(account).listMessages(account.grant_id, {
    cursor: window.cursor,
    limit: PAGE,
    received_after: window.from,
    received_before: window.until,
  });
  const repaired = await applyPage(ctx, account, page, { observedAt, isHistory: false });
  const isLast = page.cursor === null;
  const seen = isLast
    ? window.from
    : Math.min(window.seen, ...page.messages.flatMap(({ date }) => date ?? []));
  await batch(ctx, [
    // A page may end within a second. Mail of it on the next page is suspected too, asked for, and kept.
    suspectMissing(account.id, idsOn(page), { from: seen, until: window.seen }),
    sql`
      UPDATE ems_syncs SET repaired = repaired + ${repaired},
        swept_until = iif(${isLast}, max(swept_until, ${window.until}), swept_until)
      WHERE account_id = ${account.id}`,
  ]);
  return page.cursor === null ? null : { ...window, seen, cursor: page.cursor };
}

/** @param audited the progress of the audit; undefined when none ran */
async function endSweep(
  ctx: Ctx,
  account: SweptAccount,
  deleted: number,
  audited: { until: number | null; repaired: number } | undefined,
): Promise<void> {
  const { until, repaired } = audited ?? { until: account.audited_until, repaired: 0 };
  await ctx.db.run(sql`
    UPDATE ems_syncs SET repaired = repaired + ${deleted + repaired}, last_error = NULL, swept_at = ${nowSeconds()},
      sweeping_since = NULL, audited_until = ${until}
    WHERE account_id = ${account.id}`);
}
