import { sql } from "drizzle-orm";
import { uuidv7 } from "../../lib/ids.ts";
import { nowSeconds } from "../../lib/time.ts";
import type { Ctx } from "../context.ts";
import { enqueueJobs } from "../jobs.ts";
import { deleteMessage } from "../messages/delete.ts";
import { applyMessage } from "../messages/ingest.ts";
import type { ConnectedAccount } from "../messages/state.ts";
import type { ProviderMessage } from "../provider/port.ts";
import { noteError } from "./backfill.ts";

const PAGE = 50;
/** Each sweep looks again at the end of the one before: mail can get its date before the provider shows it. */
const OVERLAP_SECONDS = 3600;
/** What is younger may just have its notification on the way. */
const SETTLING_SECONDS = 120;
const STALLED_SECONDS = 300;
/** Accounts per run of the cron trigger, the longest unswept first. */
const ACCOUNTS_PER_RUN = 2000;

/** One step of a sweep; without a window it is the first. */
export interface SweepJob {
  account_id: string;
  window: {
    from: number;
    until: number;
    cursor: string;
    /** The date down to which the pages before have come. */
    seen: number;
  } | null;
}

/** Cron: has the accounts swept that wait longest, and backfills go on whose next step was lost. */
export async function scheduleSweeps(ctx: Ctx): Promise<void> {
  const { db } = ctx;
  const due = await db.all<{ account_id: string }>(sql`
    SELECT s.account_id FROM ems_syncs s INDEXED BY ems_syncs_swept CROSS JOIN ems_accounts a ON a.id = s.account_id
    WHERE a.status = 'active' AND a.grant_id IS NOT NULL ORDER BY s.swept_until LIMIT ${ACCOUNTS_PER_RUN}`);
  const stalled = await db.all<{ account_id: string; run: string; cursor: string | null }>(sql`
    SELECT account_id, run, cursor FROM ems_syncs INDEXED BY ems_syncs_running
    WHERE state = 'running' AND moved_at < unixepoch() - ${STALLED_SECONDS} LIMIT ${ACCOUNTS_PER_RUN}`);
  const jobs = [
    ...due.map((account) => ({ body: { type: "sweep", window: null, ...account } })),
    ...stalled.map((step) => ({ body: { type: "backfill", ...step } })),
  ];
  await enqueueJobs(ctx, jobs);
}

interface SweptAccount extends ConnectedAccount {
  swept_until: number;
}

export const enqueueSweep = ({ env }: Ctx, accountId: string) =>
  env.JOBS.send({ type: "sweep", account_id: accountId, window: null });

/**
 * Job: reads one page of what came to a mailbox since the last sweep, and repairs what no notification brought.
 * What is really new is told to users like any other mail.
 * @throws ProviderError when the provider fails; the queue tries the step again
 */
export async function sweep(ctx: Ctx, job: SweepJob): Promise<void> {
  const [account] = await ctx.db.all<SweptAccount>(sql`
    SELECT a.id, a.company_id, a.email_address, a.grant_id, s.swept_until
    FROM ems_accounts a JOIN ems_syncs s ON s.account_id = a.id
    WHERE a.id = ${job.account_id} AND a.grant_id IS NOT NULL AND a.status <> 'disconnected'`);
  if (!account) return;
  const window = job.window ?? {
    from: account.swept_until - OVERLAP_SECONDS,
    until: nowSeconds() - SETTLING_SECONDS,
    seen: nowSeconds() - SETTLING_SECONDS,
    cursor: null,
  };
  try {
    const observedAt = nowSeconds() * 1000;
    const page = await ctx.provider.listMessages(account.grant_id, {
      cursor: window.cursor,
      limit: PAGE,
      received_after: window.from,
      received_before: window.until,
    });
    let repaired = 0;
    for (const message of page.messages) {
      const { outcome } = await applyMessage(ctx, account, { message, observedAt, cause: uuidv7() });
      if (outcome === "created" || outcome === "updated") repaired++;
    }
    const isLast = page.cursor === null;
    const seen = isLast
      ? window.from
      : Math.min(window.seen, ...page.messages.flatMap(({ date }) => date ?? []));
    repaired += await removeMissing(ctx, account, page.messages, { from: seen, until: window.seen });
    await ctx.db.run(sql`
      UPDATE ems_syncs SET repaired = repaired + ${repaired}, last_error = NULL,
        swept_until = iif(${isLast}, max(swept_until, ${window.until}), swept_until),
        swept_at = iif(${isLast}, unixepoch(), swept_at)
      WHERE account_id = ${account.id}`);
    if (page.cursor !== null) {
      await ctx.env.JOBS.send({ type: "sweep", ...job, window: { ...window, seen, cursor: page.cursor } });
    }
  } catch (error) {
    await noteError(ctx, account.id, error);
    throw error;
  }
}

/** How many messages of a page may turn out to be missing; more wait for the next sweep. */
const MISSING_PER_PAGE = 20;

/**
 * What we have from the time that a page covers, and the page has not, may have been deleted without our having
 * been told. Pages are newest first, and a second can be split between two: so the provider is asked for each.
 * @param covered from where the page before ended to where this one does
 * @returns how many were deleted
 */
async function removeMissing(
  ctx: Ctx,
  account: SweptAccount,
  page: ProviderMessage[],
  covered: { from: number; until: number },
): Promise<number> {
  const missing = await ctx.db.all<{ provider_message_id: string; observed_at: number }>(sql`
    SELECT provider_message_id, observed_at FROM ems_messages
    WHERE account_id = ${account.id} AND hidden IN (0, 1) AND sent_at BETWEEN ${covered.from} AND ${covered.until}
      AND provider_message_id NOT IN (SELECT value FROM json_each(${JSON.stringify(page.map(({ id }) => id))}))
    LIMIT ${MISSING_PER_PAGE}`);
  const gone: typeof missing = [];
  for (const message of missing) {
    if (!(await ctx.provider.getMessage(account.grant_id, message.provider_message_id))) gone.push(message);
  }
  // Without its grant a mailbox has no message at all: that is no deletion.
  if (gone.length && !(await ctx.provider.findGrant(account.grant_id))) return 0;
  for (const { provider_message_id: id, observed_at } of gone) {
    // The provider's clock may be ahead of ours: what it says now is later than what it ever said.
    await deleteMessage(ctx, account, id, Math.max(observed_at, nowSeconds() * 1000));
  }
  return gone.length;
}
