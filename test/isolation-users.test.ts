import { beforeAll, describe, expect, it } from "vitest";
import { VIEWS } from "../src/ems/conversations/schemas.ts";
import { type Client, createClient, unique } from "./support/client.ts";
import { eventually, receiveMail } from "./support/nylas.ts";
import { fill, guardedRoutes } from "./support/routes.ts";
import { follow, type StreamEvent } from "./support/stream.ts";
import { absent, createTenant, idsOf, mail, stateOf, type Tenant } from "./support/tenant.ts";

let a: Tenant;
let b: Tenant;

beforeAll(async () => {
  a = await createTenant();
  b = await createTenant();
});

describe("a user of both companies", () => {
  let both: Client;
  beforeAll(async () => {
    both = await createClient({ companies: [a.company, b.company] });
  });

  it("cannot reply to A's mail from B's account", async () => {
    const before = [await stateOf(a), await stateOf(b)];
    const reply = await both.call("POST", `/messages/${a.message.id}/reply`, mail(b.account.id));
    const absentAccount = await both.call("POST", `/messages/${a.message.id}/reply`, mail(absent()));
    expect(reply.status).toBe(403);
    expect(absentAccount).toMatchObject({ status: 403, body: reply.body });
    const body = mail(b.account.id, { reply_to_message_id: a.message.id });
    expect((await both.call("POST", "/messages/send", body)).status).toBe(403);
    expect([await stateOf(a), await stateOf(b)]).toEqual(before);
  });

  it("cannot move a mailbox from B to A", async () => {
    const { grant_id, email_address } = b.account;
    const taken = { company_id: a.company, email_address, grant_id };
    expect((await both.call("POST", "/accounts", taken)).status).toBe(400);
  });

  it("sees both", async () => {
    expect((await both.call("GET", "/accounts")).body).toHaveLength(2);
    expect((await both.call("GET", "/inbox")).body).toMatchObject({ total: 2 });
  });
});

describe("a colleague", () => {
  it.each(["read", "unread", "star", "archive", "unarchive"])(
    "cannot %s another user's entry",
    async (change) => {
      const colleague = await createClient({ companies: [a.company] });
      const before = await stateOf(a);
      const foreign = await colleague.call("PATCH", `/inbox/${a.item.id}/${change}`);
      const random = await colleague.call("PATCH", `/inbox/${absent()}/${change}`);
      expect([foreign.status, foreign.body]).toEqual([404, random.body]);
      expect(await stateOf(a)).toEqual(before);
      expect((await colleague.call("GET", "/inbox/unread-counts")).body[0].unread_count).toBe(1);
    },
  );

  it("has a separate state for the same message", async () => {
    const colleague = await createClient({ companies: [a.company] });
    const { body } = await colleague.call("GET", "/inbox");
    expect(body.items[0].id).not.toBe(a.item.id);
    await colleague.call("PATCH", `/inbox/${body.items[0].id}/archive`);
    await colleague.call("PATCH", `/inbox/threads/${a.message.thread_id}/read`);
    expect((await colleague.call("GET", "/inbox")).body.items).toEqual([]);
    expect((await a.client.call("GET", "/inbox")).body.items).toEqual([a.item]);
  });
});

const LISTS = ["/inbox", "/messages", "/threads", "/inbox?is_read=false", "/inbox?is_read=true"];

describe("a token without companies", () => {
  it("gets empty lists", async () => {
    const nobody = await createClient({ companies: [] });
    for (const path of LISTS) {
      expect((await nobody.call("GET", path)).body, path).toEqual({
        items: [],
        total: 0,
        page: 1,
        size: 25,
        next_cursor: null,
      });
    }
    for (const view of VIEWS) {
      const { body } = await nobody.call("GET", `/conversations?view=${view}`);
      expect(body, view).toEqual({ items: [], next_cursor: null });
    }
    for (const path of ["/accounts", "/companies", "/inbox/unread-counts"]) {
      expect((await nobody.call("GET", path)).body, path).toEqual([]);
    }
    expect((await nobody.call("GET", "/me")).body).toMatchObject({ companies: [] });
    expect((await nobody.call("GET", "/contacts?q=c")).body).toEqual({ items: [] });
    expect((await nobody.call("GET", "/users")).body).toEqual({ items: [], next_cursor: null });
  });

  it.each(guardedRoutes.filter(({ path }) => path.includes(":")))("$method $path is 404", async (route) => {
    const nobody = await createClient({ companies: [] });
    const body = { name: "Taken", state: "viewing", is_read: true, ...mail(a.account.id) };
    const { status } = await nobody.call(
      route.method,
      fill(route.path, idsOf(a)),
      route.method === "GET" ? undefined : body,
    );
    expect(status).toBe(404);
  });
});

it("a token with 300 companies works on every list", async () => {
  const others = Array.from({ length: 298 }, unique);
  const many = await createClient({
    companies: [...others.slice(0, 99), b.company, ...others.slice(99), a.company],
    name: "Everywhere",
  });
  for (const path of [...LISTS, `/inbox?account_id=${a.account.id}`]) {
    const { status, body } = await many.call("GET", path);
    expect(status, path).toBe(200);
    const total = path.endsWith("true") ? 0 : path.includes("account_id") ? 1 : 2;
    expect([body.items.length, body.total], path).toEqual([total, total]);
  }
  for (const query of ["view=inbox", "view=inbox&is_read=false", "view=all", "view=all&is_read=false"]) {
    const { body } = await many.call("GET", `/conversations?${query}`);
    expect(body, query).toMatchObject({ items: [{}, {}], next_cursor: null });
  }
  const both = [a, b].map(({ message }) => message.thread_id);
  for (const is_archived of [true, false]) {
    const body = { thread_ids: both, changes: { is_archived } };
    expect((await many.call("PATCH", "/conversations", body)).body.changed.is_archived).toHaveLength(2);
  }
  expect((await many.call("GET", "/accounts")).body).toHaveLength(2);
  expect((await many.call("GET", "/inbox/unread-counts")).body).toHaveLength(2);
  expect((await many.call("GET", "/companies")).body).toHaveLength(300);
  expect((await many.call("GET", "/me")).body.companies).toHaveLength(300);
  expect((await many.call("GET", "/contacts?q=c")).status).toBe(200);
  const ofAccount = await many.call("GET", `/contacts?q=c&account_id=${a.account.id}`);
  expect(ofAccount.body.items).toMatchObject([{ email: "customer@out.example" }]);
  expect((await many.call("GET", "/users")).body.items).toMatchObject([
    { user_id: many.claims.user_id, name: "Everywhere", company_ids: { length: 300 } },
  ]);
  expect((await many.call("GET", `/threads/${b.message.thread_id}`)).body.messages).toHaveLength(1);
});

it("a stream has only the events of its user's companies", async () => {
  const nobody = await createClient({ companies: [] });
  const streams = await Promise.all([a.client, b.client, nobody].map(({ token }) => follow(token)));
  const [ofA, ofB, ofNobody] = streams;
  for (const { account } of [b, a]) {
    const from = { email: "customer@out.example" };
    await receiveMail({ from, to: [{ email: account.email_address }], subject: "News", text: "News" });
    // B's mail arrives before A's. So A's first event proves that B's was not sent to A.
    const stream = account === b.account ? ofB : ofA;
    await eventually(async () => {
      expect(stream?.events.map(({ event }) => event)).toContain("thread.created");
    });
  }
  for (const stream of streams) await stream.close();
  const companiesIn = (events: StreamEvent[] = []) =>
    new Set(events.slice(1).map(({ data }) => data.company_id));
  expect(companiesIn(ofA?.events)).toEqual(new Set([a.company]));
  expect(companiesIn(ofB?.events)).toEqual(new Set([b.company]));
  expect(companiesIn(ofNobody?.events)).toEqual(new Set());
});
