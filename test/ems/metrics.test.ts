import { createExecutionContext, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { createContext, ofCompany } from "../../src/ems/context.ts";
import { reportNumbers } from "../../src/ems/metrics.ts";
import worker from "../../src/index.ts";
import { nowSeconds } from "../../src/lib/time.ts";
import { execution } from "../chaos/queue.ts";
import { createBulkAccount } from "../support/bulk.ts";
import { connectMailbox, createClient, unique } from "../support/client.ts";
import { db, dbOf } from "../support/db.ts";
import { hubOf } from "../support/hub.ts";
import { cron } from "../support/lifetime.ts";
import { askMetrics, families, samples } from "../support/metrics.ts";
import { createGrant, eventually } from "../support/nylas.ts";

const isObjects = env.STORE === "objects";
const TOKEN = `Bearer ${env.METRICS_TOKEN}`;

const insert = (company: number, sql: string, ...params: unknown[]) =>
  dbOf(company)
    .prepare(sql)
    .bind(...params)
    .run();

/** A notification that failed. */
const addNotification = (company: number, id: string, state: string, receivedAt: number) =>
  insert(
    company,
    `INSERT INTO ems_deliveries (id, type, received_at, state, key) VALUES (?, 'message.created', ?, ?, '')
     ON CONFLICT (id) DO UPDATE SET state = excluded.state`,
    ...[id, receivedAt, state],
  );

const addOutbox = (company: number, id: string, state: string, at: number, dueAt: number | null = null) =>
  insert(
    company,
    `INSERT INTO ems_outbox (id, company_id, account_id, user_id, state, provider_key, mail_digest, subject,
       to_addresses, send_at, tried_at, due_at, created_at, updated_at)
     VALUES (?, ?, 'none', 1, ?, '', '', '', '[]', ?4, ?4, ?, ?4, ?4)
     ON CONFLICT (id) DO UPDATE SET state = excluded.state`,
    ...[id, company, state, at, dueAt],
  );

describe("without the token", () => {
  it("metrics are 404 as long as METRICS_TOKEN is not set, like any unknown path", async () => {
    for (const unset of [undefined, ""]) {
      const on = { ...env, METRICS_TOKEN: unset } as unknown as Env;
      for (const headers of [{}, { authorization: TOKEN }, { authorization: "Bearer " }]) {
        const request = new Request("https://xabar.test/metrics", { headers });
        const response = await app.fetch(request, on, createExecutionContext());
        expect([response.status, await response.json()]).toEqual([404, { detail: "Not found" }]);
      }
    }
  });

  it("metrics are 401, whatever else is sent", async () => {
    const { token } = await createClient();
    const wrong = [
      "",
      "x",
      env.METRICS_TOKEN,
      `Bearer ${env.METRICS_TOKEN}x`,
      `Basic ${btoa(env.METRICS_TOKEN)}`,
    ];
    for (const authorization of [undefined, ...wrong, `Bearer ${token}`]) {
      const response = await askMetrics(authorization);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(await response.text()).not.toContain("xabar_");
    }
  });

  it("the token opens nothing else", async () => {
    const request = new Request("https://xabar.test/accounts", { headers: { authorization: TOKEN } });
    expect((await app.fetch(request, env, createExecutionContext())).status).toBe(401);
  });
});

it("a parser of Prometheus reads the text: names, types and help are as its rules want them", async () => {
  const response = await askMetrics(TOKEN);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  const found = await families();
  expect(found.length).toBeGreaterThan(10);
  expect(new Set(found.map(({ name }) => name)).size).toBe(found.length);
  for (const { name, type, help, metrics } of found) {
    expect(name).toMatch(/^xabar_[a-z_]+$/);
    expect(type).toBe(name.endsWith("_total") ? "COUNTER" : "GAUGE");
    expect(help).toMatch(/^[A-Z].*\.$/);
    expect(text.split(`# TYPE ${name} `)).toHaveLength(2);
    for (const { value } of metrics) expect(Number(value)).toBeGreaterThanOrEqual(0);
  }
});

it("they follow mailboxes and mail through the API", async () => {
  const before = await samples();
  const client = await createClient();
  const [box, other] = [await connectMailbox(client), await connectMailbox(client)];
  expect((await client.call("DELETE", `/accounts/${other.id}`)).status).toBe(204);
  const mail = { email_account_id: box.id, to: [{ email: "a@out.example" }], subject: "S", body_html: "x" };
  expect((await client.call("POST", "/messages/send", mail)).status).toBe(200);
  const later = { ...mail, send_at: new Date(Date.now() + 3_600_000).toISOString() };
  const ids = [];
  for (let n = 0; n < 2; n++) ids.push((await client.call("POST", "/messages/send", later)).body.id);
  await client.call("POST", `/outbox/${ids[0]}/cancel`);
  await cron();
  const after = await samples();
  const grown = Object.entries(after).flatMap(([name, value]) =>
    /accounts|outbox_entries/.test(name) && value !== before[name]
      ? [[name, value - (before[name] ?? 0)]]
      : [],
  );
  expect(Object.fromEntries(grown)).toEqual({
    "xabar_accounts active": 1,
    "xabar_accounts disconnected": 1,
    "xabar_outbox_entries sent": 1,
    "xabar_outbox_entries queued": 1,
    "xabar_outbox_entries cancelled": 1,
  });
  expect(after.xabar_database_size_bytes).toBeGreaterThan(100_000);
});

describe("ages and counts of what waits", () => {
  let company: number;
  const since = (seconds: number) => nowSeconds() - seconds;

  beforeAll(async () => {
    company = (await createBulkAccount(1)).company_id;
  });

  it("are 0 while nothing waits", async () => {
    await cron();
    const found = await samples();
    for (const name of ["notification_age_seconds received", "notification_age_seconds parked"])
      expect(found[`xabar_unapplied_${name}`]).toBe(0);
    expect(found).toMatchObject({ xabar_outbox_unknown_age_seconds: 0, xabar_backfill_lag_seconds: 0 });
  });

  it("tell the oldest, in seconds, and are 0 again when it is done", async () => {
    const [id, entry] = [`n${unique()}`, `o${unique()}`];
    await addNotification(company, `${id}a`, "received", since(500));
    await addNotification(company, `${id}b`, "received", since(300));
    await addNotification(company, `${id}c`, "parked", since(9000));
    await addOutbox(company, entry, "unknown", since(700), since(60));
    await insert(
      company,
      "INSERT INTO ems_syncs (account_id, run, state, moved_at, swept_until) VALUES (?, 'r', 'failed', ?, ?)",
      ...[id, since(100), since(0)],
    );
    await cron();
    const waiting = await samples();
    const ages = {
      "xabar_unapplied_notification_age_seconds received": 500,
      "xabar_unapplied_notification_age_seconds parked": 9000,
      xabar_outbox_unknown_age_seconds: 700,
    };
    for (const [name, age] of Object.entries(ages)) {
      expect(waiting[name], name).toBeGreaterThanOrEqual(age);
      expect(waiting[name], name).toBeLessThan(age + 300);
    }
    expect(waiting).toMatchObject({
      "xabar_unapplied_notifications received": 2,
      "xabar_unapplied_notifications parked": 1,
      "xabar_outbox_entries unknown": 1,
    });
    for (const each of ["a", "b", "c"]) await addNotification(company, `${id}${each}`, "applied", 0);
    await insert(company, "DELETE FROM ems_outbox WHERE id = ?", entry);
    await insert(company, "DELETE FROM ems_syncs WHERE account_id = ?", id);
    await cron();
    const done = await samples();
    for (const name of Object.keys(ages)) expect(done[name], name).toBe(0);
    expect(done).toMatchObject({
      "xabar_unapplied_notifications received": 0,
      "xabar_unapplied_notifications parked": 0,
      "xabar_outbox_entries unknown": 0,
      xabar_backfill_lag_seconds: 0,
    });
  });
});

it("the counts equal the rows, whatever is written, repeated, undone and deleted", async () => {
  const table = fc.constantFrom("deliveries", "outbox");
  const state = {
    deliveries: ["received", "applied", "ignored", "parked"],
    outbox: ["queued", "sending", "sent", "unknown"],
  };
  const act = fc.record({
    table,
    id: fc.nat(4),
    state: fc.nat(3),
    isDeleted: fc.boolean(),
    fails: fc.boolean(),
  });
  const count = async () => {
    const { results } = await env.DB.prepare(
      `SELECT name, value FROM (
         SELECT 'outbox_' || state AS name, count(*) AS value FROM ems_outbox GROUP BY state
         UNION ALL SELECT 'notifications_' || state, count(*) FROM ems_deliveries WHERE state IN ('received', 'parked') GROUP BY state
         UNION ALL SELECT name, sum(value) FROM ems_reports WHERE name LIKE 'outbox%' OR name LIKE 'notifications%' GROUP BY name)`,
    ).all<{ name: string; value: number }>();
    const sums: Record<string, number> = {};
    for (const { name, value } of results) sums[name] = (sums[name] ?? 0) + value;
    return sums;
  };
  const totals = async () => {
    const { results } = await env.DB.prepare(
      "SELECT name, value FROM ems_totals WHERE value <> 0 AND (name LIKE 'outbox%' OR name LIKE 'notifications%')",
    ).all<{ name: string; value: number }>();
    return Object.fromEntries(results.map(({ name, value }) => [name, value]));
  };
  const property = fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), async (acts) => {
    for (const each of acts) {
      const name = `prop-${each.id}`;
      const to = `${state[each.table][each.state]}`;
      const statement = each.isDeleted
        ? env.DB.prepare(`DELETE FROM ems_${each.table} WHERE id = ?`).bind(name)
        : each.table === "deliveries"
          ? env.DB.prepare(
              `INSERT INTO ems_deliveries (id, type, received_at, state, key) VALUES (?, '', 1, ?, '')
               ON CONFLICT (id) DO UPDATE SET state = excluded.state`,
            ).bind(name, to)
          : env.DB.prepare(
              `INSERT INTO ems_outbox (id, company_id, account_id, user_id, state, provider_key, mail_digest, subject,
                 to_addresses, send_at, created_at, updated_at) VALUES (?, -1, '', 1, ?, '', '', '', '[]', 1, 1, 1)
               ON CONFLICT (id) DO UPDATE SET state = excluded.state`,
            ).bind(name, to);
      const failing = env.DB.prepare("INSERT INTO ems_totals (name, value) VALUES ('x', NULL)");
      await env.DB.batch([statement, ...(each.fails ? [failing] : [])]).catch(() => {});
    }
    expect(await totals()).toEqual(await count());
  });
  await fc.assert(property, { numRuns: 15 });
});

it("what sweeps repair is counted for good, also after the mailbox is gone", async () => {
  await cron();
  const before = (await samples()).xabar_repaired_messages_total ?? 0;
  const { id, company_id } = await createBulkAccount(1);
  const sync =
    "INSERT INTO ems_syncs (account_id, run, state, moved_at, swept_until) VALUES (?, 'r', 'done', 1, 1)";
  await insert(company_id, sync, id);
  await insert(company_id, "UPDATE ems_syncs SET repaired = repaired + 3 WHERE account_id = ?", id);
  await cron();
  expect((await samples()).xabar_repaired_messages_total).toBe(before + 3);
  await insert(company_id, "DELETE FROM ems_syncs WHERE account_id = ?", id);
  await insert(company_id, "DELETE FROM ems_accounts WHERE id = ?", id);
  for (let n = 0; n < 2; n++) await cron();
  expect((await samples()).xabar_repaired_messages_total).toBe(before + 3);
  const left = await env.DB.prepare("SELECT * FROM ems_reports WHERE company_id = ?").bind(company_id).all();
  expect(left.results).toEqual([]);
});

describe.runIf(isObjects)("with a company in its object", () => {
  const report = (company: number, on: Env = env) => {
    const ctx = ofCompany(createContext(on, execution), company);
    return reportNumbers(ctx, company, 5 * 2 ** 20 - 1);
  };
  const active = async () => (await samples())["xabar_accounts active"];

  it("a report that fails, comes twice, or is done by two at once counts once", async () => {
    const before = await active();
    const { company_id } = await createBulkAccount(1);
    const DB = {
      ...env.DB,
      prepare: (text: string) => env.DB.prepare(text),
      batch: async () => Promise.reject(new Error("down")),
    };
    await expect(report(company_id, { ...env, DB } as unknown as Env)).rejects.toThrow("down");
    expect(await active()).toBe(before);
    await Promise.all([report(company_id), report(company_id), cron()]);
    await report(company_id);
    expect(await active()).toBe((before ?? 0) + 1);
  });

  it("the largest database is told in steps of 1 MiB", async () => {
    await report((await createBulkAccount(1)).company_id);
    expect((await samples()).xabar_largest_company_database_size_bytes).toBe(5 * 2 ** 20);
  });

  it("a company that moves there from D1 is counted once before, and once after", async () => {
    const client = await createClient();
    const company = client.claims.companies[0]!;
    const email = `moving${unique()}@demo.example`;
    const grant = await createGrant(email);
    const before = (await active()) ?? 0;
    const request = new Request("https://xabar.test/accounts", {
      method: "POST",
      headers: { authorization: `Bearer ${client.token}`, "content-type": "application/json" },
      body: JSON.stringify({ company_id: company, email_address: email, grant_id: grant.id }),
    });
    const created = await worker.fetch(request, { ...env, STORE: "d1" } as Env, execution);
    expect(created.status).toBe(201);
    await eventually(async () => expect(await active()).toBe(before + 1));
    await env.DB.prepare(
      "UPDATE ems_syncs SET repaired = 2 WHERE account_id = (SELECT id FROM ems_accounts WHERE company_id = ?)",
    )
      .bind(company)
      .run();
    const { xabar_repaired_messages_total: repaired } = await samples();
    expect((await client.call("POST", `/companies/${company}/move`)).status).toBe(202);
    await eventually(async () => {
      await runDurableObjectAlarm(hubOf(company));
      const { body } = await client.call("GET", `/companies/${company}/move`);
      expect(body).toMatchObject({ store: "object", stage: null });
    });
    await cron();
    expect(await samples()).toMatchObject({
      "xabar_accounts active": before + 1,
      xabar_repaired_messages_total: repaired,
    });
  });
});

it("a scrape reads fewer than 200 rows, however large the data", async () => {
  const rows: number[] = [];
  for (const count of [10, 10_000]) {
    const { company_id, id } = await createBulkAccount(count);
    const at = nowSeconds() - 5000;
    const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)";
    for (const on of new Set([env.DB, dbOf(company_id)])) {
      await on.batch(
        [
          `${numbers} INSERT INTO ems_deliveries (id, type, account_id, received_at, state, key)
           SELECT 'm' || ?1 || '-' || i, '', ?2, ?3 + i, CASE i % 3 WHEN 0 THEN 'parked' WHEN 1 THEN 'received' ELSE 'applied' END, '' FROM n`,
          `${numbers} INSERT INTO ems_outbox (id, company_id, account_id, user_id, state, provider_key, mail_digest,
             subject, to_addresses, send_at, tried_at, due_at, created_at, updated_at)
           SELECT 'm' || ?1 || '-' || i, -5, ?2, 1, CASE i % 3 WHEN 0 THEN 'unknown' WHEN 1 THEN 'queued' ELSE 'sent' END,
             '', '', '', '[]', ?3, ?3 + i, iif(i % 2, ?3 + i, NULL), ?3, ?3 FROM n`,
          `${numbers} INSERT INTO ems_syncs (account_id, run, state, moved_at, swept_until)
           SELECT 'm' || ?1 || '-' || i || ?2, 'r', CASE i % 3 WHEN 0 THEN 'running' WHEN 1 THEN 'failed' ELSE 'done' END, ?3 + i, ?3 FROM n`,
        ].map((sql) => on.prepare(sql).bind(count, id, at)),
      );
    }
    // As many companies have reported.
    await env.DB.prepare(
      `${numbers} INSERT INTO ems_reports SELECT 1000000000 + ?1 * 10 + i, j.value, ?2 + i
       FROM n, json_each('["accounts_active", "outbox_sent", "since_parked", "since_due", "size"]') j WHERE true
       ON CONFLICT DO NOTHING`,
    )
      .bind(count, at)
      .run();
    const lines: Record<string, unknown>[] = [];
    const info = vi.spyOn(console, "info").mockImplementation((line) => void lines.push(JSON.parse(line)));
    const id_ = `scrape-${count}`;
    await families({ "x-request-id": id_ });
    info.mockRestore();
    rows.push(Number(lines.find((line) => line.id === id_)?.rows_read));
  }
  expect(rows[0]).toBeGreaterThan(5);
  expect(rows[1]).toBeLessThanOrEqual(200);
  expect(Math.abs(rows[1]! - rows[0]!)).toBeLessThanOrEqual(5);
  expect(await db.prepare("SELECT count(*) AS n FROM ems_deliveries").first("n")).toBeGreaterThan(10_000);
});
