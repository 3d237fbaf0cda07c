import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { cron } from "../support/lifetime.ts";

const DAY = 86_400;
const NOW = Math.floor(Date.now() / 1000);
const day = (at: number) => new Date(at * 1000).toISOString().slice(0, 10);

it("rows kept for 30 days are removed afterwards, not before", async () => {
  const keyOf = ({ at, name }: { at: number; name: string }) => `notifications/${day(at)}/${name}.json`;
  const ages = [29, 32].map((days) => ({ at: NOW - days * DAY, name: `kept-${days}-${unique()}` }));
  for (const { at, name } of ages) {
    const key = keyOf({ at, name });
    await env.ATTACHMENTS.put(key, "{}");
    await db.batch([
      db
        .prepare(
          "INSERT INTO ems_deliveries (id, type, received_at, state, key) VALUES (?, 'message.created', ?, 'applied', ?)",
        )
        .bind(name, at, key),
      db
        .prepare("INSERT INTO ems_events (company_id, type, cause, created_at) VALUES (1, 'x', ?, ?)")
        .bind(name, at),
    ]);
  }
  await env.ATTACHMENTS.put("bodies/1/x/y.json", "{}");
  await cron();

  const [young, old] = ages;
  const left = async (name: string) => {
    const [deliveries, events] = await db.batch([
      db.prepare("SELECT 1 FROM ems_deliveries WHERE id = ?").bind(name),
      db.prepare("SELECT 1 FROM ems_events WHERE cause = ?").bind(name),
    ]);
    return [deliveries?.results.length, events?.results.length];
  };
  expect(await left(young!.name)).toEqual([1, 1]);
  expect(await left(old!.name)).toEqual([0, 0]);
  const kept = async (key: string) => (await env.ATTACHMENTS.head(key)) !== null;
  expect(await kept(keyOf(young!))).toBe(true);
  expect(await kept(keyOf(old!))).toBe(false);
  expect(await kept("bodies/1/x/y.json")).toBe(true);
});

it("closed outbox entries are removed after 30 days, waiting ones stay", async () => {
  const at = NOW - 31 * DAY;
  const entries = ["sent", "cancelled", "queued"].map((state) => ({
    id: `00000000-${unique()}-${state}`,
    state,
  }));
  for (const { id, state } of entries) {
    await env.ATTACHMENTS.put(`outbox/1/${id}.json`, "{}");
    await db
      .prepare(
        `INSERT INTO ems_outbox (id, company_id, account_id, user_id, state, provider_key, mail_key, mail_digest, subject,
        to_addresses, send_at, due_at, created_at, updated_at)
      VALUES (?1, 1, 'a', 1, ?2, 'k', ?3, 'd', 's', '[]', ?4, ?5, ?4, ?4)`,
      )
      .bind(id, state, `outbox/1/${id}.json`, at, state === "queued" ? NOW + DAY : null)
      .run();
  }
  await cron();
  const { results } = await db.prepare("SELECT state FROM ems_outbox WHERE company_id = 1").all();
  expect(results).toEqual([{ state: "queued" }]);
  const { objects } = await env.ATTACHMENTS.list({ prefix: "outbox/1/" });
  expect(objects.map(({ key }) => key)).toEqual([`outbox/1/${entries[2]!.id}.json`]);
});

it("a run removes more than one round of rows", async () => {
  const name = `many-${unique()}`;
  await db
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
     INSERT INTO ems_events (company_id, type, cause, created_at) SELECT 1, 'x', ?1 || i, ?2 FROM n`,
    )
    .bind(name, NOW - 31 * DAY)
    .run();
  await cron();
  const left = await db
    .prepare("SELECT count(*) AS n FROM ems_events WHERE cause LIKE ?")
    .bind(`${name}%`)
    .first("n");
  expect(left).toBe(0);
});

it("an event's id never comes again, even when the whole log has expired or is deleted", async () => {
  const company = unique();
  const client = await createClient({ companies: [company] });
  const add = (at: number) =>
    db
      .prepare(
        "INSERT INTO ems_events (company_id, type, created_at) VALUES (?, 'account.updated', ?) RETURNING id",
      )
      .bind(company, at)
      .first<number>("id");
  const remove = {
    expire: () => cron(),
    delete: () => db.prepare("DELETE FROM ems_events").run(),
  };
  for (const way of [remove.expire, remove.delete, remove.expire]) {
    await db.prepare("UPDATE ems_events SET created_at = 1").run();
    const last = await add(1);
    const { position } = (await client.call("GET", "/events")).body;
    await way();
    const left = await db.prepare("SELECT id, company_id, type FROM ems_events").all();
    expect(left.results).toEqual([{ id: last, company_id: null, type: "none" }]);
    const { body: quiet } = await client.call("GET", `/events?since=${encodeURIComponent(position)}`);
    expect(quiet.items).toEqual([]);
    expect(await add(NOW)).toBe((last ?? 0) + 1);
    const { body: next } = await client.call("GET", `/events?since=${encodeURIComponent(position)}`);
    expect(next.items).toMatchObject([{ type: "account.updated" }]);
  }
});
