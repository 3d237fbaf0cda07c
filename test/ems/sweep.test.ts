import { describe, expect, it } from "vitest";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { cron } from "../support/lifetime.ts";
import { breakRoute, createGrant, eventually, mendRoutes, receiveMail } from "../support/nylas.ts";
import { openStream } from "../support/stream.ts";

const MINUTE = 60_000;

const sync = async (client: Client, id: string) => (await client.call("GET", `/accounts/${id}/sync`)).body;

const history = (email: string, count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, n) =>
      receiveMail({
        from: { email: "c@out.example" },
        to: [{ email }],
        subject: `Old ${n}`,
        date: Date.UTC(2026, 0, 1) + n * MINUTE,
        silent: true,
      }),
    ),
  );

async function connect(client: Client, email: string): Promise<string> {
  const grant = await createGrant(email);
  const request = { company_id: client.claims.companies[0], email_address: email, grant_id: grant.id };
  return (await client.call("POST", "/accounts/", request)).body.id;
}

describe("the history of a mailbox", () => {
  it("is read with visible progress, one event for the account and none per mail", async () => {
    const client = await createClient();
    const email = `history${unique()}@demo.example`;
    await createGrant(email);
    await history(email, 120);
    const stream = await openStream(client.token);
    await stream.next();
    const id = await connect(client, email);
    await eventually(async () => expect((await sync(client, id)).state).toBe("done"));
    expect(await sync(client, id)).toMatchObject({
      fetched: 120,
      estimated_total: 120,
      oldest_date: "2026-01-01T00:00:00Z",
      repaired_count: 0,
      last_error: null,
    });
    expect(await stream.next()).toMatchObject({ event: "account.updated", data: { account_id: id } });
    expect(await stream.next()).toMatchObject({ event: "account.synced", data: { account_id: id } });
    await stream.close();
    expect((await client.call("GET", "/messages/?size=1")).body.total).toBe(120);
  });

  it("of an empty mailbox has no oldest date", async () => {
    const client = await createClient();
    const { id } = await connectMailbox(client);
    expect(await sync(client, id)).toMatchObject({ state: "done", fetched: 0, oldest_date: null });
  });

  it("resumes after a rate limit, a failure or a lost job", async () => {
    const client = await createClient();
    const email = `broken${unique()}@demo.example`;
    const grant = await createGrant(email);
    await history(email, 120);
    await breakRoute(`GET /v3/grants/${grant.id}/messages`, "500", 1);
    const id = await connect(client, email);
    await eventually(async () => expect((await sync(client, id)).fetched).toBeGreaterThan(0));
    // A lost job: cron finds that the backfill stalls.
    await db.prepare("UPDATE ems_syncs SET moved_at = 0 WHERE account_id = ?").bind(id).run();
    await cron();
    await eventually(async () => expect((await sync(client, id)).state).toBe("done"));
    expect((await sync(client, id)).fetched).toBe(120);
    expect((await client.call("GET", "/messages/?size=1")).body.total).toBe(120);
  });
});

describe("a sweep", () => {
  it("finds a mail without a notification, appends its event, and counts it once", async () => {
    const client = await createClient();
    const account = await connectMailbox(client);
    const subject = `missed ${unique()}`;
    const date = Date.now() - 5 * MINUTE;
    const to = [{ email: account.email_address }];
    await receiveMail({ from: { email: "c@out.example" }, to, subject, date, silent: true });
    const stream = await openStream(client.token);
    await stream.next();
    await cron();
    expect(await stream.next()).toMatchObject({ event: "message.created" });
    await stream.close();
    await eventually(async () => expect((await sync(client, account.id)).last_sweep_at).not.toBeNull());
    await cron();
    const { body } = await client.call("GET", "/messages/");
    expect(body).toMatchObject({ total: 1, items: [{ subject }] });
    await eventually(async () => expect((await sync(client, account.id)).repaired_count).toBe(1));
  });

  it("reports its failure until it works again", async () => {
    const client = await createClient();
    const account = await connectMailbox(client);
    await breakRoute(`GET /v3/grants/${account.grant_id}/messages`, "502html", 1);
    await cron();
    await eventually(async () => expect((await sync(client, account.id)).last_error).toContain("502"));
    await mendRoutes();
    await eventually(async () => {
      await cron();
      expect((await sync(client, account.id)).last_error).toBeNull();
    });
  });
});

it("the state of another company's mailbox is 404", async () => {
  const owner = await createClient();
  const account = await connectMailbox(owner);
  const stranger = await createClient();
  expect((await stranger.call("GET", `/accounts/${account.id}/sync`)).status).toBe(404);
});
