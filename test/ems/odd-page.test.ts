import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { createContext, ofCompany } from "../../src/ems/context.ts";
import { askForSuspects } from "../../src/ems/ingest/suspects.ts";
import { audit } from "../../src/ems/intake/audit.ts";
import { consumeNotification } from "../../src/ems/intake/consumer.ts";
import { applyPage } from "../../src/ems/intake/polled.ts";
import { nylasProvider } from "../../src/ems/provider/nylas/client.ts";
import { app as ems } from "../../src/ems/routes.ts";
import worker from "../../src/index.ts";
import { nowSeconds } from "../../src/lib/time.ts";
import { connectMailbox, createClient } from "../support/client.ts";
import { receiveMail } from "../support/nylas.ts";

const execution = { waitUntil: () => {} };

afterEach(() => vi.restoreAllMocks());

const mail = (id: string, more: object = {}) => ({
  ...{
    id,
    subject: id,
    from: [{ email: "c@out.example" }],
    to: [],
    date: nowSeconds() - 90_000,
    body: "<p>Hello</p>",
  },
  ...more,
});

async function setUp() {
  const client = await createClient();
  const account = await connectMailbox(client);
  const ctx = ofCompany(createContext(env, execution), account.company_id);
  const connected = { ...account, grant_id: account.grant_id };
  return { client, account, ctx, connected };
}

it("a malformed message on a page is parked with its cause, and the others are stored", async () => {
  const { client, connected, ctx } = await setUp();
  vi.spyOn(globalThis, "fetch").mockResolvedValueOnce(
    Response.json({ data: [mail("one"), { subject: "no id" }, null, mail("two")], next_cursor: null }),
  );
  const page = await nylasProvider(ctx.config).listMessages(connected.grant_id, { cursor: null, limit: 50 });
  expect(page.unreadable).toHaveLength(2);
  expect(await applyPage(ctx, connected, page, { observedAt: Date.now(), isHistory: true })).toBe(2);
  expect((await client.call("GET", "/messages/")).body.total).toBe(2);
  const { body } = await client.call("GET", "/webhooks/deliveries?state=parked");
  expect(body.items).toHaveLength(2);
  expect(body.items[0]).toMatchObject({ state: "parked", error: expect.stringContaining("id") });
  expect(body.items[0].id).toMatch(new RegExp(`^poll/${connected.id}/`));
  expect(await env.ATTACHMENTS.head(body.items[0].key)).not.toBeNull();
});

it.each([
  [
    "as it is parked",
    (id: string, grant_id: string, message_id: string, at: number) => ({
      polled: { id, grant_id, at, message_id, is_history: false },
      raw: { id: message_id },
    }),
  ],
  [
    "as it was parked before",
    (id: string, grant_id: string, message_id: string, at: number) => ({
      ...{ id, type: "message.updated.metadata", time: at },
      data: { grant_id, is_history: false, object: { id: message_id } },
    }),
  ],
])("a message of a page, %s, is asked for again when it is replayed", async (_name, parked) => {
  const { client, account, ctx } = await setUp();
  const [mail] = await receiveMail({
    from: { email: "c@out.example" },
    to: [{ email: account.email_address }],
    subject: "Parked",
    html: "<p>Whole</p>",
    silent: true,
  });
  const at = nowSeconds() - 3600;
  const id = `poll/${account.id}/${mail!.id}`;
  const key = `notifications/${id}`;
  await env.ATTACHMENTS.put(key, JSON.stringify(parked(id, account.grant_id, mail!.id, at)));
  await consumeNotification(ctx, { key, received_at: at, replay: true });
  const { body } = await client.call("GET", "/messages/");
  expect(body.items).toMatchObject([{ subject: "Parked", body_html: "<p>Whole</p>" }]);
  const { body: ledger } = await client.call("GET", "/webhooks/deliveries");
  const row = { id, state: "applied", grant_id: account.grant_id };
  expect(ledger.items).toContainEqual(expect.objectContaining(row));
});

it("replaying a parked message without an id fails with that reason", async () => {
  const { connected, ctx } = await setUp();
  const parked = { id: `poll/${connected.id}/none`, grant_id: connected.grant_id, at: 1, message_id: null };
  const key = `notifications/${parked.id}`;
  await env.ATTACHMENTS.put(key, JSON.stringify({ polled: { ...parked, is_history: true }, raw: null }));
  await expect(consumeNotification(ctx, { key, received_at: 1, replay: true })).rejects.toThrow("has no id");
});

it("an old mail whose deletion was lost is found by the audit, and deleted after asking the provider", async () => {
  const { client, connected, ctx } = await setUp();
  const page = { messages: [], unreadable: [], cursor: null };
  const told = { id: "ghost", subject: "ghost", date: nowSeconds() - 90_000, body: "x" };
  const options = { observedAt: Date.now(), isHistory: true };
  await applyPage(ctx, connected, { ...page, messages: [told] }, options);
  expect((await client.call("GET", "/messages/")).body.total).toBe(1);
  expect(await audit(ctx, connected, null)).toEqual({ until: null, repaired: 0 });
  expect(await askForSuspects(ctx, connected)).toBe(1);
  expect((await client.call("GET", "/messages/")).body.total).toBe(0);
});

it("an unknown queue throws", async () => {
  const batch = { queue: "xabar-unknown", messages: [], ackAll: () => {}, retryAll: () => {} };
  await expect(worker.queue(batch as never, env, execution as never)).rejects.toThrow("xabar-unknown");
});

it("while the database is overloaded a read is retried, then is 503 with Retry-After", async () => {
  const { client } = await setUp();
  let tries = 0;
  const busy = async () => {
    tries++;
    throw new Error("D1_ERROR: D1 DB is overloaded. Requests queued for too long.");
  };
  const statement = { bind: () => statement, all: busy, raw: busy, run: busy };
  const DB = { prepare: () => statement, batch: busy };
  const hub = { query: busy, fetch: async (request: Request) => ems.fetch(request, on, execution as never) };
  const COMPANY_HUB = { idFromName: (name: string) => name, get: () => hub };
  const on = { ...env, DB, COMPANY_HUB } as never;
  const request = new Request("https://xabar.test/messages/", {
    headers: { authorization: `Bearer ${client.token}` },
  });
  const response = await app.fetch(request, on, execution as never);
  expect(response.status).toBe(503);
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await response.json()).toEqual({ detail: expect.any(String) });
  expect(tries).toBe(3);
});
