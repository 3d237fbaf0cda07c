import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { Leases } from "../../src/ems/events/leases.ts";
import { announcePresence } from "../../src/ems/events/presence.ts";
import { formatCursor } from "../../src/ems/lists/pagination.ts";
import { describeCaller } from "../../src/ems/users/service.ts";
import { type Client, createClient, signToken, unique } from "../support/client.ts";
import { dbOf } from "../support/db.ts";
import { hubOf } from "../support/hub.ts";
import { metered } from "../support/meter.ts";
import { createTenant } from "../support/tenant.ts";

const me = (client: Client) => client.call("GET", "/me");
const users = async (client: Client, query = "") => (await client.call("GET", `/users/${query}`)).body;

/** A user who was here. */
async function seen(claims: Parameters<typeof createClient>[0]): Promise<Client> {
  const client = await createClient(claims);
  expect((await me(client)).status).toBe(200);
  return client;
}

describe("a name in a token", () => {
  it.each([
    ["a number", 7],
    ["null", null],
    ["a list", ["Kim"]],
    ["blank", " \n "],
  ])("counts as absent when it is %s, and the token is valid", async (_, name) => {
    const company = unique();
    const token = await signToken({ user_id: unique(), role: "agent", companies: [company], name });
    const client = { ...(await createClient({ companies: [company] })) };
    const response = await client.call("GET", "/me", undefined, { authorization: `Bearer ${token}` });
    expect(response).toMatchObject({ status: 200, body: { name: null, role: "agent" } });
    expect(await users(client)).toEqual({ items: [], next_cursor: null });
  });

  it("is one line of at most 200 characters", async () => {
    const client = await seen({ name: `  Kim\r\nBcc: \u202eLee ${"ў".repeat(300)}` });
    const { body } = await me(client);
    expect(body.name).toMatch(/^Kim Bcc: Lee ў+$/);
    expect(body.name).toHaveLength(200);
  });
});

describe("GET /me", () => {
  it("tells who the token is of, with its companies by id", async () => {
    const [one, two] = [unique(), unique()];
    const client = await createClient({ companies: [two, one], name: "Malika Yusupova" });
    await client.call("PUT", `/companies/${two}`, { name: "Acme" });
    expect((await me(client)).body).toEqual({
      user_id: client.claims.user_id,
      name: "Malika Yusupova",
      role: "admin",
      companies: [
        { id: one, name: null },
        { id: two, name: "Acme" },
      ],
    });
  });

  it("writes the name once a day, and when it has changed", async () => {
    const user = { user_id: unique(), companies: [unique(), unique()] };
    const written = async (name: string | null) => {
      const { ctx, meter } = metered(user);
      await describeCaller({ ...ctx, user: { ...ctx.user, name } });
      return meter.written;
    };
    expect(await written(null)).toBe(0);
    expect(await written("Kim")).toBe(2);
    expect(await written("Kim")).toBe(0);
    expect(await written(null)).toBe(0);
    expect(await written("Kim Lee")).toBe(2);
    const [company = 0] = user.companies;
    const age = "UPDATE ems_users SET seen_at = seen_at - ? WHERE company_id = ? AND user_id = ?";
    const db = dbOf(company);
    await db.prepare(age).bind(86_000, company, user.user_id).run();
    expect(await written("Kim Lee")).toBe(0);
    await db.prepare(age).bind(400, company, user.user_id).run();
    expect(await written("Kim Lee")).toBe(1);
    expect(await written("Kim Lee")).toBe(0);
  });
});

describe("saying that one is at a thread", () => {
  it("goes on with what an earlier version knew, which had no names", async () => {
    const others = await runInDurableObject(hubOf(unique()), (_hub, { storage }) => {
      const presence = { thread_id: "t", name: "Kim", state: "viewing" as const };
      storage.sql.exec("DROP TABLE leases");
      storage.sql.exec(`CREATE TABLE leases (thread_id TEXT, user_id INTEGER, state TEXT NOT NULL, until INTEGER NOT NULL,
        PRIMARY KEY (thread_id, user_id)) WITHOUT ROWID`);
      storage.sql.exec("INSERT INTO leases VALUES ('t', 1, 'composing', 1000)");
      const first = new Leases(storage).take({ ...presence, user_id: 2 }, 500);
      return [first.others, new Leases(storage).take({ ...presence, user_id: 1 }, 500).others];
    });
    expect(others).toMatchObject([
      [{ user_id: 1, name: null, state: "composing" }],
      [{ user_id: 2, name: "Kim", state: "viewing" }],
    ]);
  });

  it("keeps the name in the thread's company alone, and writes it once", async () => {
    const tenant = await createTenant();
    const elsewhere = unique();
    const client = await createClient({ companies: [elsewhere, tenant.company], name: "Aziza" });
    const path = `/threads/${tenant.message.thread_id}/presence`;
    expect((await client.call("POST", path, { state: "viewing" })).status).toBe(200);
    const { items } = await users(client);
    expect(items).toMatchObject([{ name: "Aziza", company_ids: [tenant.company] }]);
    const { ctx, meter } = metered({ ...client.claims, companies: [tenant.company] });
    const aziza = { ...ctx, user: { ...ctx.user, name: "Aziza" } };
    await announcePresence(aziza, { thread_id: tenant.message.thread_id, state: "composing" });
    expect(meter.written).toBe(0);
    await announcePresence(aziza, { thread_id: tenant.message.thread_id, state: "left" });
  });
});

describe("GET /users", () => {
  const [own, shared, foreign] = [unique(), unique(), unique()];
  const ids = Array.from({ length: 5 }, unique);
  let client: Client;
  beforeAll(async () => {
    client = await createClient({ companies: [own, shared] });
    const [a, b, c, d, e] = ids as [number, number, number, number, number];
    await seen({ user_id: a, companies: [own], name: "Aziza Karimova" });
    await seen({ user_id: b, companies: [shared, foreign], name: "Bekzod Aliyev" });
    await seen({ user_id: c, companies: [foreign], name: "Charos Umarova" });
    // The same id in two companies: the name that was seen last.
    await seen({ user_id: d, companies: [own, foreign], name: "Dilnoza" });
    await dbOf(own).prepare("UPDATE ems_users SET seen_at = 1000 WHERE user_id = ?").bind(d).run();
    await seen({ user_id: d, companies: [shared], name: "Dilnoza Karimova" });
    await seen({ user_id: e, companies: [foreign], name: "Erkin Tosh" });
    await seen({ user_id: e, companies: [own] });
  });

  it("refuses a cursor of another list", async () => {
    for (const id of ["x", crypto.randomUUID(), "1.5", "1e400"]) {
      const { status, body } = await client.call("GET", `/users?cursor=${formatCursor({ at: 0, id })}`);
      expect([status, body.detail]).toEqual([400, "cursor: is not a cursor of this list"]);
    }
  });

  it.each(["0", "101", "x", ""])("refuses %j as size", async (size) => {
    const { status, body } = await client.call("GET", `/users?size=${size}`);
    expect([status, body.errors[0].path]).toEqual([400, "size"]);
  });

  it("lists who was seen with a name, with the companies that they share with the caller", async () => {
    const [a, b, , d] = ids;
    expect(await users(client)).toEqual({
      items: [
        { user_id: a, name: "Aziza Karimova", company_ids: [own], last_seen_at: expect.any(String) },
        { user_id: b, name: "Bekzod Aliyev", company_ids: [shared], last_seen_at: expect.any(String) },
        {
          user_id: d,
          name: "Dilnoza Karimova",
          company_ids: [own, shared],
          last_seen_at: expect.any(String),
        },
      ],
      next_cursor: null,
    });
  });

  it("lists those of one company", async () => {
    const [a, , , d] = ids;
    const { items } = await users(client, `?company_id=${own}`);
    expect(items).toMatchObject([
      { user_id: a, name: "Aziza Karimova" },
      { user_id: d, name: "Dilnoza", company_ids: [own], last_seen_at: "1970-01-01T00:16:40Z" },
    ]);
  });

  it("is empty for a company outside the token", async () => {
    for (const company of [foreign, unique()]) {
      expect(await users(client, `?company_id=${company}`)).toEqual({ items: [], next_cursor: null });
    }
  });

  it("goes on by cursor, each user once", async () => {
    const listed: number[] = [];
    let query = "?size=1";
    for (let pages = 1; ; pages++) {
      const { items, next_cursor } = await users(client, query);
      listed.push(...items.map((user: { user_id: number }) => user.user_id));
      if (next_cursor === null) {
        expect(pages).toBe(3);
        break;
      }
      query = `?size=1&cursor=${next_cursor}`;
    }
    expect(listed).toEqual([ids[0], ids[1], ids[3]]);
  });

  it("keeps the name of a user who comes back without one", async () => {
    await seen({ user_id: ids[0] ?? 0, companies: [own] });
    expect((await users(client)).items).toMatchObject([{ name: "Aziza Karimova" }, {}, {}]);
  });
});
