import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import worker from "../../src/index.ts";
import { companiesSeen } from "./companies.ts";
import { db } from "./db.ts";
import { hubOf } from "./hub.ts";
import { inObject } from "./objects.ts";

/** Runs cron, of the Worker and of every company's object, and all work that it starts. */
export async function cron(on: Env = env): Promise<void> {
  const deferred: Promise<unknown>[] = [];
  const execution = { waitUntil: (work: Promise<unknown>) => deferred.push(work) };
  await worker.scheduled({} as never, on, execution as never);
  if (env.STORE === "objects") {
    for (const company of companiesSeen) await companyCron(company, on);
  }
  await Promise.allSettled(deferred);
}

/** Runs the cron of a company's object. An object of the test's own knows which bindings it works with. */
const companyCron = (company: number, { COMPANY_HUB: hubs, ...on }: Env): Promise<void> =>
  hubs === env.COMPANY_HUB
    ? inObject(company, { ...on, COMPANY_HUB: hubs }, (hub) => hub.cron())
    : hubs.get(hubs.idFromName(String(company))).cron();

/** Keeps a company's object from running cron by itself, in the middle of a test. */
export const holdCron = (company: number): Promise<void> =>
  runInDurableObject(hubOf(company), async (_hub, { storage }) => {
    storage.kv.put("cron", Date.now() + 86_400_000);
    await storage.deleteAlarm();
  });

/** Moves the Worker's clock ahead by hours. The database's clock stays. */
export const setClock = (hours: number): void => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(vi.getRealSystemTime() + hours * 3_600_000);
};

/** All R2 keys under these prefixes. */
export async function keysUnder(...prefixes: string[]): Promise<string[]> {
  const keys: string[] = [];
  for (const prefix of prefixes) {
    let cursor: string | undefined;
    do {
      const page = await env.ATTACHMENTS.list({ prefix, ...(cursor ? { cursor } : {}) });
      keys.push(...page.objects.map(({ key }) => key));
      cursor = page.truncated ? page.cursor : undefined;
    } while (cursor);
  }
  return keys.toSorted();
}

/** The keys that rows refer to. R2 must have exactly these. */
export async function keysOfRows(): Promise<string[]> {
  const results = await db.batch<{ key: string }>(
    [
      "SELECT body_key AS key FROM ems_messages WHERE body_key IS NOT NULL",
      "SELECT mail_key AS key FROM ems_outbox WHERE mail_key IS NOT NULL",
      "SELECT content_key AS key FROM ems_drafts WHERE content_key IS NOT NULL",
      "SELECT body_key AS key FROM ems_idempotency_keys WHERE body_key IS NOT NULL",
      "SELECT 'uploads/' || company_id || '/' || id AS key FROM ems_uploads",
      "SELECT 'attachments/' || company_id || '/' || id AS key FROM ems_attachments WHERE stored_at IS NOT NULL",
    ].map((sql) => db.prepare(sql)),
  );
  return results.flatMap(({ results: rows }) => rows.map(({ key }) => key)).toSorted();
}

/** Every row of every table as text, prefixed with the table's name. */
export async function everyRow(): Promise<string[]> {
  const { results: tables } = await db
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '%cf%' AND name <> 'd1_migrations'",
    )
    .all<{ name: string }>();
  const rows = await db.batch(tables.map(({ name }) => db.prepare(`SELECT * FROM ${name}`)));
  return rows.flatMap(({ results }, nth) =>
    results.map((row) => `${tables[nth]?.name} ${JSON.stringify(row)}`),
  );
}
