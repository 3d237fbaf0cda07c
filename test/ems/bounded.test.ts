import { env, exports } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type Observed, observedD1 } from "../../dev/worker/observed-d1.ts";
import type { UserCtx } from "../../src/ems/context.ts";
import { formatPosition, positionAt } from "../../src/ems/events/position.ts";
import { pullEvents } from "../../src/ems/events/pull.ts";
import { REPLAY_LIMIT } from "../../src/ems/events/replay.ts";
import { openStream } from "../../src/ems/events/stream.ts";
import { type Client, createClient, signToken, unique } from "../support/client.ts";
import { userContextOf } from "../support/context.ts";
import { dbOf } from "../support/db.ts";
import { observedHubs } from "../support/objects.ts";
import { readStream } from "../support/stream.ts";

// The memory of a request does not grow with the amount of data.

/** Appends `count` events to each company's log. @param user the owner of private events; null for shared ones */
async function append(companies: number[], count: number, user: number | null = null): Promise<void> {
  const run = unique();
  const stores = [...Map.groupBy(companies, dbOf)];
  const appends = stores.map(([store, some]) =>
    store
      .prepare(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
      INSERT INTO ems_events (company_id, user_id, type, cause, created_at)
      SELECT value, ?2, 'message.updated', 'bounded/' || value || '/' || ?3 || '/' || i, unixepoch()
      FROM n, json_each(?4)`,
      )
      .bind(count, user, run, JSON.stringify(some))
      .run(),
  );
  await Promise.all(appends);
}

interface Observer {
  ctx: UserCtx;
  statements: Observed[];
  /** The maximum number of rows in one result of the database. */
  rows(): number;
}

/** Accepts a stream and sends nothing: the streams of 300 real hubs would take half a minute to start. */
async function joinSilence(): Promise<Response> {
  const { 0: webSocket, 1: server } = new WebSocketPair();
  server.accept();
  return new Response(null, { status: 101, webSocket, headers: { "x-cursor": "0" } });
}

/** A user's context that records the results of the database. */
function observe(user_id: number, companies: number[]): Observer {
  const statements: Observed[] = [];
  const note = (statement: Observed) => statements.push(statement);
  const hubs = observedHubs(() => on, note);
  const COMPANY_HUB = {
    idFromName: (name: string) => hubs.idFromName(name),
    get: (id: DurableObjectId) => ({ ...hubs.get(id), fetch: joinSilence }),
  };
  const on = { ...env, DB: observedD1(env.DB, note), COMPANY_HUB } as unknown as Env;
  return {
    ctx: userContextOf({ user_id, companies, exp: Date.now() / 1000 + 600 }, on),
    statements,
    rows: () => Math.max(...statements.map(({ rows }) => rows)),
  };
}

const newestOf = (company: number): Promise<number | null> =>
  dbOf(company).prepare("SELECT coalesce(max(id), 0) AS id FROM ems_events").first<number>("id");

const startOf = async (companies: number[]): Promise<string> => {
  const newest = await Promise.all(companies.map(newestOf));
  return formatPosition(positionAt(companies, (company) => newest[companies.indexOf(company)] ?? 0));
};

const pull = async (ctx: UserCtx, since: string, limit: number) => {
  const { head, items } = await pullEvents(ctx, { since, limit });
  const all = [];
  for await (const item of items) all.push(item);
  return { ...head, items: all };
};

describe("over 300 companies", () => {
  const companies = Array.from({ length: 300 }, unique);
  const user = unique();
  let since: string;

  beforeAll(async () => {
    since = await startOf(companies);
    await append(companies, 40);
    await append(companies, 10, user);
  });

  it("a stream that is 15,000 events behind gets a resync, and holds few rows", async () => {
    const { ctx, rows, statements } = observe(user, companies);
    const stream = readStream(new Response(openStream(ctx, ctx.user, since)));
    expect((await stream.next())?.event).toBe("connected");
    expect((await stream.next())?.event).toBe("resync");
    await stream.close();
    expect(rows()).toBeLessThanOrEqual(10);
    expect(statements.reduce((sum, { rowsRead }) => sum + rowsRead, 0)).toBeLessThan(25_000);
  });

  it("GET /events?limit=1000 reads all of them, a few hundred rows at a time", async () => {
    const { ctx, rows, statements } = observe(user, companies);
    const seen = new Map<number | null, number>();
    let ids = 0;
    for (let at = since, more = true; more; ids++) {
      const page = await pull(ctx, at, 1000);
      for (const { company_id } of page.items) seen.set(company_id, (seen.get(company_id) ?? 0) + 1);
      expect(page.items.length).toBe(1000);
      expect(page.items.at(-1)?.id).toBe(page.has_more ? page.position : page.items.at(-1)?.id);
      at = page.position;
      more = page.has_more;
    }
    expect(ids).toBe(15);
    expect([...seen.values()]).toEqual(companies.map(() => 50));
    expect(rows()).toBeLessThanOrEqual(300);
    expect(Math.max(...statements.map(({ rowsRead }) => rowsRead))).toBeLessThan(12_000);
  });
});

it("a pull gets each of the user's events once and in order, for any distribution and limit", async () => {
  const event = fc.record({ company: fc.nat(3), audience: fc.constantFrom("all", "own", "colleague") });
  const property = fc.asyncProperty(
    fc.array(event, { maxLength: 60 }),
    fc.integer({ min: 1, max: 25 }),
    async (events, limit) => {
      const companies = [unique(), unique(), unique()];
      const [user, colleague] = [unique(), unique()];
      const since = await startOf(companies);
      const causes = events.map(() => crypto.randomUUID());
      const rows = events.map(({ company, audience }, at) => ({
        // The fourth company is not the user's.
        company: companies[company] ?? 1,
        user: { all: null, own: user, colleague }[audience],
        message: causes[at],
      }));
      for (const [store, some] of Map.groupBy(rows, (row) => dbOf(row.company))) {
        await store
          .prepare(
            `INSERT INTO ems_events (company_id, user_id, type, message_id, cause, created_at)
          SELECT value ->> 'company', value ->> 'user', 'message.updated', value ->> 'message', value ->> 'message', 0
          FROM json_each(?)`,
          )
          .bind(JSON.stringify(some))
          .run();
      }
      const { ctx } = observe(user, companies);
      const got: { company_id: number | null; message_id: string | null }[] = [];
      for (let at = since, more = true; more; ) {
        const page = await pull(ctx, at, limit);
        got.push(...page.items);
        at = page.position;
        more = page.has_more;
      }
      const wanted = rows.filter((row) => companies.includes(row.company) && row.user !== colleague);
      const log = (company: number) => wanted.filter((row) => row.company === company);
      for (const company of companies) {
        const own = got.filter(({ company_id }) => company_id === company);
        expect(own.map(({ message_id }) => message_id)).toEqual(log(company).map(({ message }) => message));
      }
      expect(got).toHaveLength(wanted.length);
      // Companies in one database also have one order.
      if (ctx.db.parts === 1) {
        expect(got.map(({ message_id }) => message_id)).toEqual(wanted.map(({ message }) => message));
      }
    },
  );
  await fc.assert(property, { numRuns: 30 });
});

it(`a log of more than ${REPLAY_LIMIT} consecutive events is pulled without a gap`, async () => {
  const companies = [unique(), unique()];
  const since = await startOf(companies);
  await append([companies[0]!], 7000);
  await append([unique()], 2000);
  await append([companies[1]!], 4);
  const { ctx, rows } = observe(unique(), companies);
  const counts = [];
  for (let at = since, more = true; more; ) {
    const page = await pull(ctx, at, 999);
    counts.push(page.items.length);
    at = page.position;
    more = page.has_more;
  }
  expect(counts).toEqual([...Array.from({ length: 7 }, () => 999), 11]);
  expect(rows()).toBeLessThanOrEqual(200);
});

describe("a body", () => {
  let client: Client;
  beforeAll(async () => {
    client = await createClient();
  });

  it.each([
    ["brackets", "[".repeat(4_000_000)],
    ["objects", '{"a":'.repeat(800_000)],
    ["brackets behind a text of brackets", `{"subject":"${"[".repeat(100)}\\"[","a":${"[".repeat(65)}`],
  ])("of %s is 400 with the maximum depth", async (_, body) => {
    const refused = await client.call("POST", "/messages/send", body, { "content-type": "application/json" });
    const detail = "body: is nested deeper than 64 levels";
    expect([refused.status, refused.body]).toEqual([400, { detail }]);
  });

  it.each([
    ["zeros", `{"to":[0${",0".repeat(2_000_000)}]}`],
    ["empty arrays", `[[]${",[]".repeat(1_000_000)}]`],
  ])("of %s is 400 with the maximum number of values", async (_, body) => {
    const refused = await client.call("POST", "/drafts", body, { "content-type": "application/json" });
    expect([refused.status, refused.body]).toEqual([400, { detail: "body: has more than 10000 values" }]);
  });

  it("may have any number of brackets and commas in its strings", async () => {
    const [company_id] = client.claims.companies;
    const created = await client.call("POST", "/accounts", {
      company_id,
      email_address: `b${unique()}@demo.example`,
    });
    const body_html = `<p>${'[{,\\"'.repeat(20_000)}</p>`;
    const draft = { email_account_id: created.body.id, body_html };
    const { status, body } = await client.call("POST", "/drafts", draft);
    expect([status, body.body_html]).toEqual([201, body_html]);
  });

  it("of an upload that is not multipart is refused before it is read, also with an Idempotency-Key", async () => {
    for (const key of [undefined, `key-${unique()}`]) {
      let pulled = 0;
      const endless = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          pulled += 65_536;
          controller.enqueue(new Uint8Array(65_536));
        },
      });
      const response = await exports.default.fetch(
        new Request("https://xabar.test/attachments/", {
          method: "POST",
          headers: {
            authorization: `Bearer ${await signToken(client.claims)}`,
            "content-type": "application/json",
            ...(key ? { "idempotency-key": key } : {}),
          },
          body: endless,
        }),
      );
      expect([response.status, await response.json()]).toEqual([
        400,
        { detail: "body: is larger than 5242880 bytes" },
      ]);
      expect(pulled).toBeLessThan(7 * 1024 * 1024);
    }
  });
});
