import { nowSeconds } from "../lib/time.ts";
import { type SQL, sql } from "../platform/d1/sql.ts";
import { fillMetrics } from "../platform/metrics.ts";
import { batch, type Ctx, ofNoCompany } from "./context.ts";
import template from "./metrics.txt";

interface Reading {
  name: string;
  value: number;
}

const selectTotals = sql<Reading>`SELECT name, value FROM ems_totals`;

/** What waits, and since when its oldest does, in seconds since the epoch. Each is the first entry of an index. */
const OLDEST = {
  received: "min(received_at) FROM ems_deliveries WHERE state = 'received'",
  parked: "min(received_at) FROM ems_deliveries WHERE state = 'parked'",
  unknown: "min(tried_at) FROM ems_outbox WHERE state = 'unknown' AND due_at IS NOT NULL",
  due: "min(due_at) FROM ems_outbox WHERE due_at IS NOT NULL",
  running: "min(moved_at) FROM ems_syncs WHERE state = 'running'",
  failed: "min(moved_at) FROM ems_syncs WHERE state = 'failed'",
};

type Oldest = Record<keyof typeof OLDEST, number | null>;

const columns = (of: [name: string, select: string][]): SQL =>
  sql.raw(of.map(([name, select]) => `(SELECT ${select}) AS ${name}`).join(", "));

const selectOldest = sql<Oldest>`SELECT ${columns(Object.entries(OLDEST))}`;

/** The same of companies in objects of their own. The condition `name > 'since'` is that of the partial index. */
const selectReported = sql<Oldest & { size: number | null }>`
  SELECT ${columns([
    ...Object.keys(OLDEST).map((name): [string, string] => [
      name,
      `min(value) FROM ems_reports WHERE name = 'since_${name}' AND name > 'since'`,
    ]),
    ["size", "max(value) FROM ems_reports WHERE name = 'size' AND name > 'since'"],
  ])}`;

const MEGABYTE = 2 ** 20;

/**
 * Cron of a company's object: reports its numbers to D1, for `readMetrics`. A repeated report changes nothing. A company
 * without rows leaves none there; what it repaired stays counted.
 * @param bytes the size of the object's database
 */
export async function reportNumbers(ctx: Ctx, company: number, bytes: number): Promise<void> {
  const [totals, [oldest]] = await batch(ctx, [selectTotals, selectOldest]);
  const isUsed = totals.some(({ name, value }) => name !== "repaired" && value !== 0);
  const now = nowSeconds();
  const since = Object.entries(oldest ?? {}).flatMap(([name, value]) =>
    value !== null && value <= now ? { name: `since_${name}`, value } : [],
  );
  const size = { name: "size", value: Math.ceil(bytes / MEGABYTE) };
  const numbers = isUsed ? [...totals.filter(({ value }) => value !== 0), ...since, size] : [];
  const reported = sql`json_each(${JSON.stringify(numbers)})`;
  await batch(ofNoCompany(ctx), [
    sql`
      DELETE FROM ems_reports WHERE company_id = ${company} AND name NOT IN (SELECT value ->> 'name' FROM ${reported})`,
    sql`
      INSERT INTO ems_reports SELECT ${company}, value ->> 'name', value ->> 'value' FROM ${reported} WHERE true
      ON CONFLICT (company_id, name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value`,
  ]);
  if (!isUsed) await ctx.db.run(sql`DELETE FROM ems_totals WHERE name = 'repaired'`);
}

/**
 * The module's metrics in Prometheus's text format: see metrics.txt. They read the same few rows however large the data.
 */
export async function readMetrics(ctx: Ctx): Promise<string> {
  const now = nowSeconds();
  const { DB, WEBHOOKS, JOBS } = ctx.env;
  const [[totals, [here], [reported]], { meta }, webhooks, jobs] = await Promise.all([
    batch(ofNoCompany(ctx), [selectTotals, selectOldest, selectReported]),
    DB.prepare("SELECT 1").all(),
    ...[WEBHOOKS, JOBS].map((queue) => (async () => queue.metrics())().catch(() => null)),
  ]);
  const age = (...names: (keyof Oldest)[]): number => {
    const found = names.flatMap((name) => [here?.[name] ?? now, reported?.[name] ?? now]);
    return now - Math.min(now, ...found);
  };
  const waiting = (queue: QueueMetrics | null | undefined): number =>
    queue ? Math.max(0, now - (queue.oldestMessageTimestamp?.getTime() ?? now * 1000) / 1000) : Number.NaN;
  return fillMetrics(template, {
    ...Object.fromEntries(totals.map(({ name, value }) => [name, value])),
    ...{ received_age: age("received"), parked_age: age("parked"), unknown_age: age("unknown") },
    ...{ due_age: age("due"), backfill_age: age("running", "failed") },
    ...{ d1_bytes: meta.size_after, largest_bytes: MEGABYTE * (reported?.size ?? 0) },
    ...{ webhooks_messages: webhooks?.backlogCount ?? Number.NaN, webhooks_age: waiting(webhooks) },
    ...{ jobs_messages: jobs?.backlogCount ?? Number.NaN, jobs_age: waiting(jobs) },
  });
}
