import { beforeEach, describe, expect, it } from "vitest";
import { readDetails } from "../../src/ems/events/details.ts";
import { eventsAfter } from "../../src/ems/events/log.ts";
import { type BulkAccount, createBulkAccount } from "../support/bulk.ts";
import { type Client, createClient, unique } from "../support/client.ts";
import { db, dbOf } from "../support/db.ts";
import { hubOf } from "../support/hub.ts";
import { metered } from "../support/meter.ts";
import { follow } from "../support/stream.ts";
import { waitFor } from "../support/wait.ts";

let client: Client;
let account: BulkAccount;
/** A message of the account, and its thread. */
let message: { id: string; thread_id: string };
let start: string;

const firstMessage = (of: BulkAccount) =>
  db
    .prepare("SELECT id, thread_id FROM ems_messages WHERE account_id = ? ORDER BY sent_at DESC")
    .bind(of.id)
    .first<{ id: string; thread_id: string }>();

beforeEach(async () => {
  client = await createClient();
  account = await createBulkAccount(4, client.claims.companies[0]);
  message = (await firstMessage(account))!;
  start = (await client.call("GET", "/events")).body.position;
});

/** Appends an event of the message to the company's log. */
const append = (type = "message.updated", { id, thread_id } = message, user: number | null = null) =>
  dbOf(account.company_id)
    .prepare(
      `INSERT INTO ems_events (company_id, user_id, type, thread_id, message_id, cause, created_at)
    VALUES (?, ?, ?, ?, ?, ?, unixepoch())`,
    )
    .bind(account.company_id, user, type, thread_id, id, crypto.randomUUID())
    .run();

/** The events since the test's start, as a client that polls gets them. */
const pull = async (of = client) => (await of.call("GET", `/events?since=${start}`)).body.items;

/** Lets some users star the message. */
const touch = (count: number) =>
  db
    .prepare(
      `INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, folder, is_starred)
    SELECT value, m.id, m.company_id, m.account_id, m.sent_at, m.folder, 1
    FROM json_each(?) JOIN ems_messages m ON m.id = ?`,
    )
    .bind(JSON.stringify(Array.from({ length: count }, unique)), message.id)
    .run();

describe("an event", () => {
  it("has the same items live, for a resuming stream and in GET /events", async () => {
    await client.call("PATCH", `/inbox/${await entryId()}/star`);
    start = (await client.call("GET", "/events")).body.position;
    const live = await follow(client.token);
    await append();
    await append("thread.updated");
    await client.call("PATCH", `/inbox/${await entryId()}/archive`);
    await client.call("PATCH", `/inbox/threads/${message.thread_id}/read`);
    await waitFor(() => expect(live.events).toHaveLength(5));
    const dataOf = ({ id, ...data }: { id: string }) => data;
    const pulled = (await pull()).map(dataOf);
    expect(pulled.map(({ items }: { items?: unknown[] }) => items?.length)).toEqual([1, undefined, 1, 2]);
    const resumed = await follow(`token=${client.token}&last_event_id=${start}`);
    await waitFor(() => expect(resumed.events).toHaveLength(5));
    expect(resumed.events.slice(1).map(({ data }) => data)).toEqual(pulled);
    // The first two were sent before the entry was archived.
    expect(
      live.events.slice(3).map(({ data }) => data.items.map((item: object) => Object.keys(item))),
    ).toEqual(
      pulled.slice(2).map(({ items }: { items: object[] }) => items.map((item) => Object.keys(item))),
    );
    expect(live.events[4]?.data).toEqual(pulled[3]);
    await live.close();
    await resumed.close();
  });

  it("shows nothing of another company, also if it names a message there", async () => {
    const foreign = (await firstMessage(await createBulkAccount(2)))!;
    for (const type of ["message.created", "thread.updated"]) await append(type, foreign);
    await append("message.updated", { id: foreign.id, thread_id: message.thread_id });
    await append("thread.updated", { id: message.id, thread_id: foreign.thread_id });
    await append("inbox.updated", { id: foreign.id, thread_id: foreign.thread_id }, client.claims.user_id);
    const [created, updated, mixed, moved, own] = await pull();
    expect([created, own]).toMatchObject(Array(2).fill({ items: null, counts: null }));
    expect([updated, moved]).toMatchObject(Array(2).fill({ thread: null, counts: null }));
    expect(mixed).toMatchObject({ items: null, counts: null, thread: { id: message.thread_id } });
  });

  it("of a message that is gone has no items", async () => {
    await append();
    await db.prepare("DELETE FROM ems_messages WHERE thread_id = ?").bind(message.thread_id).run();
    expect(await pull()).toMatchObject([
      { type: "message.updated", items: null, thread: null, counts: null },
      { type: "thread.deleted", thread_id: message.thread_id },
    ]);
  });

  it("shows each user their own state, and no other's", async () => {
    const colleague = await createClient({ companies: client.claims.companies });
    await colleague.call("PATCH", `/inbox/${await entryId(colleague)}/star`);
    const users = [client, colleague];
    const live = await Promise.all(users.map(({ token }) => follow(token)));
    await append();
    await hubOf(account.company_id).notify();
    for (const [nth, user] of users.entries()) {
      const isStarred = user === colleague;
      await waitFor(() => expect(live[nth]!.events).toHaveLength(2));
      const [item] = live[nth]!.events[1]!.data.items;
      expect(item).toEqual((await user.call("GET", `/inbox/${await entryId(user)}`)).body);
      expect(item.is_starred).toBe(isStarred);
      expect(Object.keys(live[nth]!.events[1]!.data)).toEqual([
        ...["type", "thread_id", "message_id", "company_id", "items", "thread", "counts"],
      ]);
      await live[nth]!.close();
    }
  });

  it.each([
    [8, 1],
    [9, undefined],
  ])("of a message that %i users have touched has %s item", async (count, items) => {
    await touch(count);
    await append();
    const [event] = await pull();
    expect([event.items?.length, event.counts === null]).toEqual([items, items === undefined]);
  });

  it("is read with few rows, whatever the size of the team", async () => {
    const { ctx, meter } = metered(client.claims);
    const read = async () => {
      Object.assign(meter, { read: 0 });
      await readDetails(ctx.db, eventsAfter(account.company_id, [], 0, 100));
      return meter.read;
    };
    await append("message.created");
    // One of them keeps the highest id of the log, and is looked at for a restore of the database.
    expect(await read()).toBeLessThanOrEqual(10);
    await append("thread.created");
    expect(await read()).toBeLessThanOrEqual(15);
    await touch(30);
    const touched = await read();
    expect(touched).toBeLessThanOrEqual(100);
    await touch(300);
    expect(await read()).toBe(touched);
    // A private event needs the state of its user only.
    await db.prepare("DELETE FROM ems_events WHERE company_id = ?").bind(account.company_id).run();
    await append("inbox.updated", message, client.claims.user_id);
    expect(await read()).toBeLessThanOrEqual(10);
  });

  it("with very long fields has no items, and many long ones come in several packets", async () => {
    const rename = (length: number) =>
      db
        .prepare("UPDATE ems_messages SET subject = ? WHERE id = ?")
        .bind("ю".repeat(length), message.id)
        .run();
    const hub = hubOf(account.company_id);
    const { webSocket } = await hub.fetch(
      new Request("https://hub/?user=1", { headers: { upgrade: "websocket" } }),
    );
    const packets: string[] = [];
    webSocket!.addEventListener("message", ({ data }) => void packets.push(String(data)));
    webSocket!.accept();
    await rename(10_000);
    await Promise.all(Array.from({ length: 10 }, () => append("message.created")));
    await hub.notify();
    const events = () => packets.flatMap((packet) => JSON.parse(packet));
    await waitFor(() => expect(events()).toHaveLength(10));
    expect(packets.length).toBeGreaterThan(1);
    for (const packet of packets) expect(packet.length).toBeLessThan(40_000);
    await rename(20_000);
    await append("message.created");
    expect((await pull()).at(-1)).toMatchObject({ items: null, counts: null });
    webSocket!.close();
  });
});

async function entryId(of = client): Promise<string> {
  const { body } = await of.call("GET", `/messages/${message.id}`);
  return body.inbox.id;
}
