import { nowSeconds } from "../../lib/time.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { Ctx } from "../context.ts";
import { enqueueJobs } from "../jobs.ts";
import { claimAndSend } from "./attempt.ts";
import { enqueue, findEntry } from "./entry.ts";

/**
 * Longer than cron's interval of 10 minutes. Entries due before cron's next run are enqueued now, with a delay.
 */
const AHEAD_SECONDS = 720;
const AT_A_TIME = 1000;

/**
 * Job: sends a due entry, or finds out whether it was sent. Duplicates and early or late runs are harmless.
 * @throws Error when a binding fails; the queue tries again
 */
export async function runOutboxJob(ctx: Ctx, id: string): Promise<void> {
  const row = await findEntry(ctx, id);
  if (!row || row.due_at === null) return;
  const wait = row.due_at - nowSeconds();
  // Its lease is still held. An `unknown` entry, in contrast, may be checked early.
  if (row.state === "sending" && wait > 0) return;
  if (row.state === "queued" && wait > 0) {
    await enqueue(ctx, row, wait);
    return;
  }
  await claimAndSend(ctx, row);
}

/** Cron: enqueues up to 1,000 entries that are due, which replaces lost jobs. */
export async function enqueueDue(ctx: Ctx): Promise<void> {
  const due = await ctx.db.all(sql<{ id: string; company_id: number; due_at: number }>`
    SELECT id, company_id, due_at FROM ems_outbox INDEXED BY ems_outbox_due
    WHERE due_at <= unixepoch() + ${AHEAD_SECONDS} AND due_at IS NOT NULL ORDER BY due_at LIMIT ${AT_A_TIME}`);
  const jobs = due.map(({ id, company_id, due_at }) => ({
    body: { type: "outbox" as const, company_id, id },
    delaySeconds: Math.max(0, due_at - nowSeconds()),
  }));
  await enqueueJobs(ctx, jobs);
}
