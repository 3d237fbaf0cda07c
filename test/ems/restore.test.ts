import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { restoredSql } from "../../ops/restored.ts";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import { runOutboxJob } from "../../src/ems/sending/due.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { contextOf } from "../support/context.ts";
import { dbOf } from "../support/db.ts";
import { hubOf, socketsOf } from "../support/hub.ts";
import { cron, holdCron } from "../support/lifetime.ts";
import { breakRoute, deliverNotifications, eventually, mendRoutes, storedMail } from "../support/nylas.ts";
import { takeSnapshot } from "../support/snapshot.ts";
import { openStream } from "../support/stream.ts";
import { waitFor } from "../support/wait.ts";

// A restore puts all rows of the database back, while clients, hubs, queues and the provider go on. Local workerd has no
// Time Travel, so these tests copy the rows and put them back. ops/restored.ts marks the database afterwards, as the
// command does.

const now = () => Math.floor(Date.now() / 1000);

/** Marks a company's database as restored to now: rows created before are of the restored time. */
const markRestored = (company: number) => {
  const db = dbOf(company);
  return db.batch(restoredSql(now()).map((sql) => db.prepare(sql)));
};

describe("after the database was set back", () => {
  let client: Client;
  let company: number;
  beforeEach(async () => {
    client = await createClient();
    company = client.claims.companies[0]!;
    await append(3);
  });

  /** Appends events to the company's log. @returns their message ids */
  async function append(count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, () => crypto.randomUUID());
    await dbOf(company)
      .prepare(
        `INSERT INTO ems_events (company_id, type, message_id, cause, created_at)
         SELECT ?, 'message.updated', value, value, unixepoch() FROM json_each(?)`,
      )
      .bind(company, JSON.stringify(ids))
      .run();
    return ids;
  }

  const position = async (): Promise<string> => (await client.call("GET", "/events")).body.position;
  const since = async (at: string) =>
    (await client.call("GET", `/events?since=${encodeURIComponent(at)}`)).body;

  /** @returns the positions of clients that read before the restored time, at it, and after it */
  async function restore(lost: number): Promise<string[]> {
    const before = await position();
    await append(1);
    const at = await position();
    const putBack = await takeSnapshot(company);
    await append(lost);
    const ahead = await position();
    await putBack();
    return [before, at, ahead];
  }

  it.each([
    ["still shorter", 1],
    ["as long as before", 5],
    ["longer than before", 20],
  ])("every client reads its lists again, and then misses nothing: a log that is %s", async (_, grown) => {
    const positions = await restore(5);
    await markRestored(company);
    await append(grown);
    for (const old of positions) {
      const { items, position: next } = await since(old);
      expect(items).toEqual([expect.objectContaining({ type: "resync" })]);
      const stream = await openStream(client.token, { "last-event-id": old });
      expect(await stream.next()).toMatchObject({ event: "connected" });
      expect(await stream.next()).toMatchObject({ event: "resync" });
      const [id] = await append(1);
      await hubOf(company).notify();
      expect(await stream.next()).toMatchObject({ data: { message_id: id } });
      expect((await since(next)).items).toMatchObject([{ message_id: id }]);
      await stream.close();
    }
  });

  it("an open stream ends at the next event, and its client reads its lists again", async () => {
    const stream = await openStream(client.token);
    await stream.next();
    const putBack = await takeSnapshot(company);
    await append(5);
    await hubOf(company).notify();
    let last: string | undefined;
    for (let n = 0; n < 5; n++) last = (await stream.next())?.id;
    await putBack();
    await markRestored(company);
    const [id] = await append(1);
    await hubOf(company).notify();
    expect(await stream.next()).toBeNull();
    await waitFor(async () => expect(await socketsOf(company)).toBe(0));
    const again = await openStream(client.token, { "last-event-id": last! });
    await again.next();
    expect(await again.next()).toMatchObject({ event: "resync" });
    const items = await client.call("GET", `/events?since=${encodeURIComponent(await position())}`);
    expect(items.body.items).toEqual([]);
    const [next] = await append(1);
    await hubOf(company).notify();
    expect(await again.next()).toMatchObject({ data: { message_id: next } });
    expect(next).not.toBe(id);
    await again.close();
  });

  it("an open stream ends at the next event even if nobody marked the restore", async () => {
    const stream = await openStream(client.token);
    await stream.next();
    const putBack = await takeSnapshot(company);
    await append(5);
    await hubOf(company).notify();
    for (let n = 0; n < 5; n++) await stream.next();
    await putBack();
    await append(1);
    // The hub has sent ids that the log does not have yet.
    await hubOf(company).notify();
    expect(await stream.next()).toBeNull();
    const again = await openStream(client.token);
    await again.next();
    const [next] = await append(1);
    await hubOf(company).notify();
    expect(await again.next()).toMatchObject({ data: { message_id: next } });
    await again.close();
  });

  it("marking it twice is harmless", async () => {
    await restore(5);
    await markRestored(company);
    await markRestored(company);
    const at = await position();
    const [id] = await append(1);
    expect((await since(at)).items).toMatchObject([{ message_id: id }]);
  });

  it("cron keeps the highest id", async () => {
    const [, , ahead] = await restore(5);
    await markRestored(company);
    const at = await position();
    await dbOf(company).prepare("UPDATE ems_events SET created_at = 0").run();
    await cron();
    const [id] = await append(1);
    expect((await since(at)).items).toMatchObject([{ message_id: id }]);
    expect((await since(ahead!)).items).toMatchObject([{ type: "resync" }]);
  });
});

describe("no mail leaves twice", () => {
  let client: Client;
  let account: AccountResponse & { grant_id: string };
  let company: number;
  beforeAll(async () => {
    client = await createClient();
    account = await connectMailbox(client);
    company = account.company_id;
    await holdCron(company);
  });

  const mail = (fields: object = {}) => ({
    email_account_id: account.id,
    to: [{ email: "john@customer.example" }],
    subject: `Mail ${unique()}`,
    body_html: "<p>Thanks for reaching out!</p>",
    ...fields,
  });
  const send = (request: object, headers: HeadersInit = {}) =>
    client.call("POST", "/messages/send", request, headers);
  const entryOf = async (id: string) => (await client.call("GET", `/outbox/${id}`)).body;
  const countSent = async (subject: string): Promise<number> =>
    (await storedMail(account.grant_id)).filter((message) => message.subject === subject).length;
  const work = (id: string) => runOutboxJob(contextOf([company]), id);
  const breakSend = (kind: string) => breakRoute(`POST /v3/grants/${account.grant_id}/messages/send`, kind);
  /** Ages all entries, in seconds. */
  const pass = (seconds: number) =>
    dbOf(company)
      .prepare(
        `UPDATE ems_outbox SET created_at = created_at - ?1, send_at = send_at - ?1, tried_at = tried_at - ?1,
           due_at = due_at - ?1, updated_at = updated_at - ?1`,
      )
      .bind(seconds)
      .run();
  /** What would send: the entry's job, cron with all due entries, and a repeated request. */
  const workOn = async (id: string, request: object, key: HeadersInit) => {
    await work(id);
    await cron();
    await deliverNotifications();
    await send(request, key);
  };

  const key = () => ({ "idempotency-key": crypto.randomUUID() });

  it.each([600, 3600, 7000])(
    "a scheduled mail that was sent in the lost time is found: %i seconds later",
    async (seconds) => {
      const [request, once] = [mail({ undo_seconds: 60 }), key()];
      const { body } = await send(request, once);
      const putBack = await takeSnapshot(company);
      await pass(100);
      await work(body.id);
      expect(await entryOf(body.id)).toMatchObject({ state: "sent" });
      await putBack();
      await pass(seconds);
      await markRestored(company);
      await workOn(body.id, request, once);
      await eventually(async () =>
        expect(await entryOf(body.id)).toMatchObject({ state: "sent", message_id: expect.any(String) }),
      );
      expect(await countSent(request.subject)).toBe(1);
    },
  );

  it("a scheduled mail that was cancelled in the lost time is not sent", async () => {
    const [request, once] = [mail({ undo_seconds: 60 }), key()];
    const { body } = await send(request, once);
    const putBack = await takeSnapshot(company);
    await client.call("POST", `/outbox/${body.id}/cancel`);
    await putBack();
    await pass(100);
    await markRestored(company);
    await workOn(body.id, request, once);
    // Meanwhile the object's own cron may be looking for it.
    await eventually(async () =>
      expect(await entryOf(body.id)).toMatchObject({ state: "unknown", detail: expect.any(String) }),
    );
    await pass(90_000);
    await work(body.id);
    const detail = expect.stringContaining("look before you send it again");
    expect(await entryOf(body.id)).toMatchObject({ state: "unknown", detail });
    expect(await countSent(request.subject)).toBe(0);
  });

  it("a mail that the provider refused for its rate, and took later under a new key, is found", async () => {
    const [request, once] = [mail({ undo_seconds: 60 }), key()];
    const { body } = await send(request, once);
    const putBack = await takeSnapshot(company);
    await breakSend("429-provider");
    await pass(100);
    await work(body.id);
    await mendRoutes();
    await pass(4000);
    await work(body.id);
    expect(await entryOf(body.id)).toMatchObject({ state: "sent", attempts: 2 });
    await putBack();
    await pass(100);
    await markRestored(company);
    await workOn(body.id, request, once);
    await eventually(async () => expect((await entryOf(body.id)).state).toBe("sent"));
    expect(await countSent(request.subject)).toBe(1);
  });

  it.each(["504-after", "504"])(
    "a mail of unknown outcome (%s) that was sent since is found",
    async (kind) => {
      const [request, once] = [mail(), key()];
      await breakSend(kind);
      const { body } = await send(request, once);
      await mendRoutes();
      const id: string = body.outbox_id;
      const putBack = await takeSnapshot(company);
      await work(id);
      expect((await entryOf(id)).state).toBe("sent");
      await putBack();
      await markRestored(company);
      await workOn(id, request, once);
      await eventually(async () => expect((await entryOf(id)).state).toBe("sent"));
      expect(await countSent(request.subject)).toBe(1);
    },
  );

  it("a mail that was on its way, and refused since, is not sent under its old key", async () => {
    const [request, once] = [mail(), key()];
    await breakSend("504");
    const { body } = await send(request, once);
    await mendRoutes();
    const id: string = body.outbox_id;
    // As it is while a request sends it.
    await dbOf(company).prepare("UPDATE ems_outbox SET state = 'sending' WHERE id = ?").bind(id).run();
    await markRestored(company);
    await workOn(id, request, once);
    await eventually(async () => expect((await entryOf(id)).state).toBe("unknown"));
    expect(await countSent(request.subject)).toBe(0);
  });

  it("a mail that is scheduled for later is sent once, at its time", async () => {
    const request = mail({ send_at: `${new Date(Date.now() + 86_400_000).toISOString().slice(0, 19)}Z` });
    const { body } = await send(request);
    await (await takeSnapshot(company))();
    await markRestored(company);
    await work(body.id);
    expect((await entryOf(body.id)).state).toBe("queued");
    await pass(90_000);
    for (let n = 0; n < 2; n++) await work(body.id);
    expect((await entryOf(body.id)).state).toBe("sent");
    expect(await countSent(request.subject)).toBe(1);
  });

  it("a mail that was sent in the lost time is in its thread again, once the provider tells of it", async () => {
    const putBack = await takeSnapshot(company);
    const request = mail();
    const { body } = await send(request);
    await putBack();
    await markRestored(company);
    expect((await client.call("GET", `/messages/${body.id}`)).status).toBe(404);
    await client.call("PATCH", `/accounts/${account.id}`, { status: "syncing" });
    await eventually(async () => {
      const { body: list } = await client.call("GET", `/messages?account_id=${account.id}&size=100`);
      const found = list.items.filter(({ subject }: { subject: string }) => subject === request.subject);
      expect(found).toMatchObject([{ direction: "outbound" }]);
    });
    expect(await countSent(request.subject)).toBe(1);
  });

  it("a mail sent after the restore is not held", async () => {
    const request = mail({ undo_seconds: 60 });
    const { body } = await send(request);
    const db = dbOf(company);
    await db.batch(restoredSql(now() - 3600).map((sql) => db.prepare(sql)));
    await pass(100);
    await work(body.id);
    expect((await entryOf(body.id)).state).toBe("sent");
  });
});
