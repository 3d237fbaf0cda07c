import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { COMPANY_TABLES } from "../../src/ems/store/tables.ts";
import worker from "../../src/index.ts";
import { execution } from "../chaos/queue.ts";
import { type Client, createClient, unique } from "../support/client.ts";
import { hubOf } from "../support/hub.ts";
import { createGrant, eventually, receiveMail } from "../support/nylas.ts";
import { openStream } from "../support/stream.ts";

const isObjects = env.STORE === "objects";
const companyOf = ({ claims }: Client): number => claims.companies[0]!;

/** A request to a Worker that keeps all companies in D1. */
const onD1 = async (client: Client, method: string, path: string, body: unknown) => {
  const request = new Request(`https://xabar.test${path}`, {
    method,
    headers: { authorization: `Bearer ${client.token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const response = await worker.fetch(request, { ...env, STORE: "d1" } as Env, execution);
  expect(response.status, await response.clone().text()).toBe(201);
};

/** A company whose rows are in D1, with one mailbox. */
async function createInD1(): Promise<{ client: Client; email: string }> {
  const client = await createClient({ name: "Kim" });
  const email = `old${unique()}@demo.example`;
  const grant = await createGrant(email);
  await onD1(client, "POST", "/accounts", {
    company_id: companyOf(client),
    email_address: email,
    grant_id: grant.id,
  });
  await eventually(async () => {
    expect((await client.call("GET", "/accounts")).body).toMatchObject([{ status: "active" }]);
  });
  return { client, email };
}

const attachments = [{ filename: "plan.txt", contentType: "text/plain", content: btoa("the plan") }];

const receive = (email: string, subject: string, more: object = {}) =>
  receiveMail({ from: { email: "customer@out.example" }, to: [{ email }], subject, ...more });

/** What the API shows of a company. */
async function viewOf(client: Client): Promise<unknown> {
  const paths = [
    ...["/accounts", "/companies", "/inbox?size=100", "/inbox?is_read=false", "/inbox?is_starred=true"],
    ...[
      "/inbox?is_archived=true",
      "/inbox/unread-counts",
      "/messages?size=100",
      "/threads?size=100",
      "/drafts",
    ],
    ...["/outbox", "/webhooks/deliveries", "/users"],
  ];
  const bodies = await Promise.all(paths.map(async (path) => (await client.call("GET", path)).body));
  return Object.fromEntries(paths.map((path, nth) => [path, bodies[nth]]));
}

/** The company's rows in D1, by table. */
async function rowsInD1(company: number): Promise<Record<string, number>> {
  const counts = await env.DB.batch<{ n: number }>(
    Object.entries(COMPANY_TABLES).map(([name, condition]) =>
      env.DB.prepare(`SELECT count(*) AS n FROM ${name} WHERE ${condition(company)}`),
    ),
  );
  const found = Object.keys(COMPANY_TABLES).map(
    (name, nth) => [name, counts[nth]?.results[0]?.n ?? 0] as const,
  );
  return Object.fromEntries(found.filter(([, count]) => count > 0));
}

const move = (client: Client) => client.call("POST", `/companies/${companyOf(client)}/move`);
const status = async (client: Client) =>
  (await client.call("GET", `/companies/${companyOf(client)}/move`)).body;

/** Waits for the end of a move. Its alarm may run at any time; the test runs it at once. */
const moved = (client: Client) =>
  eventually(async () => {
    await runDurableObjectAlarm(hubOf(companyOf(client)));
    expect(await status(client)).toMatchObject({ store: "object", stage: null });
  });

describe("moving a company", () => {
  it("is 404 for a company outside the token, and 403 without the role admin", async () => {
    const client = await createClient();
    const agent = await createClient({ role: "agent", companies: client.claims.companies });
    for (const method of ["GET", "POST"]) {
      expect((await client.call(method, `/companies/${unique()}/move`)).status).toBe(404);
      expect((await agent.call(method, `/companies/${companyOf(client)}/move`)).status).toBe(403);
    }
  });

  it.skipIf(isObjects)("is 409 with STORE=d1", async () => {
    const client = await createClient();
    for (const method of ["GET", "POST"]) {
      const { status: code, body } = await client.call(method, `/companies/${companyOf(client)}/move`);
      expect([code, body.detail]).toEqual([409, expect.stringContaining("STORE=objects")]);
    }
  });
});

describe.skipIf(!isObjects)("a company with rows in D1", () => {
  let client: Client;
  let email: string;

  beforeAll(async () => {
    ({ client, email } = await createInD1());
  });

  it("is served from D1 until it is moved", async () => {
    await receive(email, "first", { attachments });
    await eventually(async () => expect((await client.call("GET", "/inbox")).body.total).toBe(1));
    expect(await status(client)).toEqual({ store: "d1", stage: null, copied: 0, repaired: 0, error: null });
    expect(await rowsInD1(companyOf(client))).toMatchObject({ ems_accounts: 1, ems_messages: 1 });
  });

  it("keeps everything when it is moved, and leaves nothing in D1", async () => {
    const neighbour = await createInD1();
    await receive(neighbour.email, "not moved");
    for (let n = 0; n < 30; n++) await receive(email, `mail ${n}`, n % 5 ? {} : { attachments });
    await eventually(async () => expect((await client.call("GET", "/inbox")).body.total).toBe(31));
    const { items } = (await client.call("GET", "/inbox?size=31")).body;
    for (const [nth, action] of ["read", "star", "archive", "read"].entries()) {
      expect((await client.call("PATCH", `/inbox/${items[nth].id}/${action}`)).status).toBe(200);
    }
    const [account] = (await client.call("GET", "/accounts")).body;
    await client.call("POST", "/drafts", {
      email_account_id: account.id,
      subject: "A draft",
      body_html: "<p>1</p>",
    });
    await client.call("PUT", `/companies/${companyOf(client)}`, { name: "Moved Ltd" });
    await client.call("GET", "/me");
    const before = await viewOf(client);
    const beside = await viewOf(neighbour.client);
    expect(await rowsInD1(companyOf(client))).toMatchObject({ ems_users: 1 });

    expect(await move(client)).toMatchObject({ status: 202, body: { store: "d1", stage: "copying" } });
    expect((await move(client)).status).toBe(202);
    const second = await move(neighbour.client);
    expect([second.status, second.body.detail]).toEqual([409, expect.stringContaining("Another company")]);
    await moved(client);

    // Its own cron goes on from here, even if nobody writes.
    expect(
      await runInDurableObject(hubOf(companyOf(client)), (_hub, { storage }) => storage.getAlarm()),
    ).not.toBeNull();
    expect(await viewOf(client)).toEqual(before);
    expect(await rowsInD1(companyOf(client))).toEqual({});
    expect(await viewOf(neighbour.client)).toEqual(beside);
    const detail = await client.call("GET", `/messages/${items.at(-1).message.id}`);
    expect(detail.body.attachments).toHaveLength(1);
    const { body } = await client.call("GET", `/attachments/${detail.body.attachments[0].id}/download`);
    expect(await (await worker.fetch(new Request(body.download_url), env, execution)).text()).toBe(
      "the plan",
    );
  });

  it("is as before afterwards: mail arrives, and its mailbox cannot be connected elsewhere", async () => {
    await receive(email, "after the move");
    await eventually(async () =>
      expect((await client.call("GET", "/messages")).body.items[0].subject).toBe("after the move"),
    );
    const other = await createClient();
    const grant = await createGrant(email);
    const { status: code } = await other.call("POST", "/accounts", {
      company_id: companyOf(other),
      email_address: email,
      grant_id: grant.id,
    });
    expect(code).toBe(400);
    expect(await move(client)).toMatchObject({ status: 202, body: { store: "object", stage: null } });
  });
});

it.skipIf(!isObjects)(
  "what changes during a move is in it: no event is missing, none comes twice",
  async () => {
    const { client, email } = await createInD1();
    const stream = await openStream(client.token);
    await stream.next();
    for (let n = 0; n < 20; n++) await receive(email, `before ${n}`);
    await eventually(async () => expect((await client.call("GET", "/inbox")).body.total).toBe(20));
    await move(client);
    const subjects = Array.from({ length: 20 }, (_, n) => `during ${n}`);
    const moving = moved(client);
    for (const subject of subjects) {
      await receive(email, subject);
      const { items } = (await client.call("GET", "/inbox?is_read=false&size=1")).body;
      expect((await client.call("PATCH", `/inbox/${items[0].id}/read`)).status).toBe(200);
    }
    await moving;
    await eventually(async () => {
      const { items } = (await client.call("GET", "/messages?size=100")).body;
      expect(items.map((item: { subject: string }) => item.subject)).toEqual(
        expect.arrayContaining(subjects),
      );
      expect(items).toHaveLength(40);
    });
    const counts = (await client.call("GET", "/inbox/unread-counts")).body;
    expect(counts).toMatchObject([
      { unread_count: (await client.call("GET", "/inbox?is_read=false")).body.total },
    ]);
    expect((await client.call("GET", "/inbox?is_read=true&size=100")).body.items).toHaveLength(20);
    const created: string[] = [];
    while (created.length < 40) {
      const event = await stream.next();
      if (event?.event === "message.created") created.push(event.data.message_id);
    }
    expect(new Set(created).size).toBe(40);
    await stream.close();
  },
);

it.skipIf(!isObjects)("a move that fails at any step goes on from there", async () => {
  const { client, email } = await createInD1();
  for (let n = 0; n < 5; n++) await receive(email, `mail ${n}`);
  await eventually(async () => expect((await client.call("GET", "/inbox")).body.total).toBe(5));
  const before = await viewOf(client);
  await move(client);
  // The object restarts between steps, so that nothing in memory helps.
  await eventually(async () => {
    await runInDurableObject(hubOf(companyOf(client)), (_hub, state) => state.abort("restart")).catch(
      () => {},
    );
    await runDurableObjectAlarm(hubOf(companyOf(client))).catch(() => {});
    expect(await status(client)).toMatchObject({ store: "object", stage: null });
  });
  expect(await viewOf(client)).toEqual(before);
  expect(await rowsInD1(companyOf(client))).toEqual({});
});
