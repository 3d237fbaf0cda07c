import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import { consumeNotification, parkNotification } from "../../src/ems/intake/consumer.ts";
import type { QueuedNotification } from "../../src/ems/intake/notification.ts";
import type { NotificationResponse } from "../../src/ems/intake/responses.ts";
import { nowSeconds } from "../../src/lib/time.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { db, dbOf } from "../support/db.ts";
import { cron, setClock } from "../support/lifetime.ts";
import { breakRoute, mendRoutes, receiveMail } from "../support/nylas.ts";
import { queued } from "../support/queued.ts";
import { waitFor } from "../support/wait.ts";

let client: Client;
let box: Awaited<ReturnType<typeof connectMailbox>>;

beforeEach(async () => {
  client = await createClient();
  box = await connectMailbox(client);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const ctx = createContext(env, { waitUntil: () => {} });

/** Applies a small notification. @returns its id */
async function take(type: string, object: object, time = nowSeconds()): Promise<string> {
  const id = `n${unique()}`;
  const body = { id, type, time, data: { object: { grant_id: box.grant_id, ...object } } };
  await consumeNotification(ctx, queued(body, nowSeconds()));
  return id;
}

const deliveryOf = async (id: string): Promise<NotificationResponse | undefined> =>
  (await client.call("GET", "/webhooks/deliveries?size=100")).body.items.find(
    (item: NotificationResponse) => item.id === id,
  );

const messages = async () => (await client.call("GET", "/messages/")).body.items;

/** Replays a notification. @returns what went into the queue, which does not get it */
async function replay(id: string): Promise<QueuedNotification> {
  const send = vi.spyOn(env.WEBHOOKS, "send").mockResolvedValue(undefined as never);
  const { status, body } = await client.call("POST", `/webhooks/deliveries/${id}/replay`);
  expect({ status, body }).toMatchObject({ status: 202, body: { id, state: "received" } });
  const [[sent] = []] = send.mock.calls;
  send.mockRestore();
  return sent as QueuedNotification;
}

const mailAtProvider = async (subject: string) => {
  const [mail] = await receiveMail({
    from: { email: "c@out.example" },
    to: [{ email: box.email_address }],
    ...{ subject, html: "<p>Whole</p>", silent: true },
  });
  return { ...mail!, subject, from: [{ email: "c@out.example" }], to: [], date: nowSeconds(), body: "Cut" };
};

const eventsOf = async (message: string) => {
  const { results } = await db
    .prepare("SELECT type FROM ems_events WHERE message_id = ? ORDER BY id")
    .bind(message)
    .all<{ type: string }>();
  return results.map(({ type }) => type);
};

describe("replaying a notification whose bytes are gone", () => {
  it.each([
    ["message.opened", { message_id: "m", message_data: { count: 1 } }],
    ["message.link_clicked", { message_id: "m", link_data: [{ count: 1 }] }],
    ["message.send_failed", { id: "m", reason: "refused" }],
    ["thread.replied", { id: "t" }],
    ["calendar.created", { id: "c" }],
  ])("of %s is 409, says why, and changes nothing", async (type, object) => {
    const long_ago = nowSeconds() - 1000;
    const id = `n${unique()}`;
    const data = { object: { grant_id: box.grant_id, ...object } };
    await consumeNotification(ctx, queued({ id, type, time: long_ago, data }, long_ago));
    const before = await deliveryOf(id);
    expect(before).toMatchObject({ key: null });
    const send = vi.spyOn(env.WEBHOOKS, "send");
    const { status, body } = await client.call("POST", `/webhooks/deliveries/${id}/replay`);
    expect([status, body]).toEqual([409, { detail: expect.stringContaining(`"${type}"`) }]);
    expect(send).not.toHaveBeenCalled();
    expect(await deliveryOf(id)).toEqual(before);
  });

  it("asks the provider for the message as it is now, with an event for what has changed", async () => {
    const mail = await mailAtProvider("Before");
    const id = await take("message.created", mail);
    const [{ id: message, body_html, body_text }] = await messages();
    expect([body_html, body_text]).toEqual([null, "Cut"]);
    await consumeNotification(ctx, await replay(id));
    expect(await messages()).toMatchObject([{ id: message, body_html: "<p>Whole</p>" }]);
    expect(await deliveryOf(id)).toMatchObject({ type: "message.created", state: "applied", key: null });
    expect((await eventsOf(message)).filter((type) => type === "message.updated")).toHaveLength(1);

    await consumeNotification(ctx, await replay(id));
    expect((await eventsOf(message)).filter((type) => type === "message.updated")).toHaveLength(1);
  });

  it("fetches a message that was ignored while its mailbox was disconnected; history raises no event", async () => {
    const [news, history] = [await mailAtProvider("News"), await mailAtProvider("History")];
    const disconnect = (is: number) =>
      db.prepare("UPDATE ems_accounts SET disconnected_by_user = ? WHERE id = ?").bind(is, box.id).run();
    await disconnect(1);
    const first = await take("message.created", news);
    const second = `n${unique()}`;
    const data = { is_history: true, object: { ...history, grant_id: box.grant_id } };
    await consumeNotification(ctx, queued({ id: second, type: "message.created", data }, nowSeconds()));
    expect(await deliveryOf(second)).toMatchObject({ state: "ignored" });
    expect(await messages()).toEqual([]);
    await disconnect(0);
    for (const id of [first, second]) await consumeNotification(ctx, await replay(id));
    const shown: { id: string; subject: string }[] = await messages();
    expect(shown.map(({ subject }) => subject).toSorted()).toEqual(["History", "News"]);
    for (const { id, subject } of shown) {
      expect((await eventsOf(id)).includes("message.created")).toBe(subject === "News");
    }
  });

  it("of a message that the provider has no more ignores it", async () => {
    const unknown = { id: `m${unique()}`, subject: "Gone", from: [{ email: "c@out.example" }] };
    const id = await take("message.created", { ...unknown, date: nowSeconds(), body: "x" });
    expect(await messages()).toHaveLength(1);
    await db.prepare("DELETE FROM ems_messages WHERE account_id = ?").bind(box.id).run();
    await consumeNotification(ctx, await replay(id));
    expect(await deliveryOf(id)).toMatchObject({ state: "ignored", error: "The provider has it no more" });
    expect(await messages()).toEqual([]);
  });

  it("deletes what the ignored deletion would have, but nothing that is newer", async () => {
    const mail = await mailAtProvider("Doomed");
    const now = nowSeconds();
    await take("message.created", mail, now - 100);
    await db.prepare("UPDATE ems_accounts SET disconnected_by_user = 1 WHERE id = ?").bind(box.id).run();
    const deletions = [
      await take("message.deleted", { id: mail.id }, now - 200),
      await take("message.deleted", { id: mail.id }, now - 50),
    ];
    await db.prepare("UPDATE ems_accounts SET disconnected_by_user = 0 WHERE id = ?").bind(box.id).run();
    const left: number[] = [];
    for (const id of deletions) {
      await consumeNotification(ctx, await replay(id));
      expect(await deliveryOf(id)).toMatchObject({ state: "applied" });
      left.push((await messages()).length);
    }
    expect(left).toEqual([1, 0]);
  });

  it("of a grant or folder applies it again, unless the grant is in a newer state", async () => {
    const now = nowSeconds();
    const statusOf = async () => (await client.call("GET", `/accounts/${box.id}`)).body.status;
    const expired = await take("grant.expired", {}, now + 10);
    expect(await statusOf()).toBe("disconnected");
    const renewed = await take("grant.updated", { reauthentication_flag: true }, now + 20);
    const folder = await take("folder.created", { id: "f" });
    expect(await statusOf()).toBe("active");
    for (const id of [expired, renewed, folder]) {
      await consumeNotification(ctx, await replay(id));
      expect(await deliveryOf(id)).toMatchObject({ state: "applied" });
    }
    expect(await statusOf()).toBe("active");
  });

  it("that fails to the end is parked with bytes, and can be replayed from them", async () => {
    const mail = await mailAtProvider("Late");
    const id = await take("message.created", mail);
    const sent = await replay(id);
    await breakRoute(`GET /grants/${box.grant_id}/messages/`, "500", 1000);
    await expect(consumeNotification(ctx, sent)).rejects.toThrow();
    await parkNotification(ctx, sent);
    await mendRoutes();
    const parked = await deliveryOf(id);
    expect(parked).toMatchObject({ state: "parked", type: "message.created" });
    expect(await env.ATTACHMENTS.head(`${parked?.key}`)).not.toBeNull();
    const again = await replay(id);
    expect(again).toEqual({ key: parked?.key, received_at: expect.any(Number), replay: true });
    await consumeNotification(ctx, again);
    expect(await deliveryOf(id)).toMatchObject({ state: "applied", key: parked?.key });
    expect(await messages()).toMatchObject([{ body_html: "<p>Whole</p>" }]);
  });
});

describe("a parked notification", () => {
  it("stays parked when the queue takes no replay", async () => {
    const id = `n${unique()}`;
    const data = { object: { grant_id: box.grant_id } };
    await parkNotification(ctx, queued({ id, type: "folder.created", data }, nowSeconds()));
    const before = await deliveryOf(id);
    expect(before).toMatchObject({ state: "parked", retry_at: expect.any(String) });
    vi.spyOn(env.WEBHOOKS, "send").mockRejectedValueOnce(new Error("queue is down"));
    expect((await client.call("POST", `/webhooks/deliveries/${id}/replay`)).status).toBeGreaterThanOrEqual(
      500,
    );
    expect(await deliveryOf(id)).toEqual(before);
  });

  it("for no account stores nothing", async () => {
    const put = vi.spyOn(env.ATTACHMENTS, "put");
    const id = `n${unique()}`;
    const data = { object: { grant_id: `nobody's ${id}` } };
    await parkNotification(ctx, queued({ id, type: "folder.created", data }, nowSeconds()));
    expect(put).not.toHaveBeenCalled();
    const row = await db.prepare("SELECT state, key FROM ems_deliveries WHERE id = ?").bind(id).first();
    expect(row).toEqual({ state: "ignored", key: "" });
  });

  it("is removed with its bytes after 30 days", async () => {
    const id = `n${unique()}`;
    const at = nowSeconds() - 29 * 86_400;
    const data = { object: { grant_id: box.grant_id } };
    await parkNotification(ctx, queued({ id, type: "calendar.created", data }, at));
    const { key } = (await deliveryOf(id))!;
    await cron();
    expect(await env.ATTACHMENTS.head(`${key}`)).not.toBeNull();
    setClock(2 * 24);
    await cron();
    vi.useRealTimers();
    expect(await deliveryOf(id)).toBeUndefined();
    expect(await env.ATTACHMENTS.head(`${key}`)).toBeNull();
  });
});

describe("of the version that stored every notification in R2,", () => {
  const stored = async (type: string, object: object) => {
    const id = `n${unique()}`;
    const key = `notifications/${new Date().toISOString().slice(0, 10)}/${id}.json`;
    const notification = {
      id,
      type,
      time: nowSeconds(),
      data: { object: { grant_id: box.grant_id, ...object } },
    };
    await env.ATTACHMENTS.put(key, JSON.stringify(notification));
    return { id, key, notification };
  };

  it.each(["carries the notification", "carries only the key"])(
    "a queue message that %s applies",
    async (what) => {
      const { id, key, notification } = await stored("message.created", await mailAtProvider("In flight"));
      const carried = what === "carries only the key" ? {} : { notification };
      await consumeNotification(ctx, { key, received_at: nowSeconds(), ...carried });
      expect(await messages()).toMatchObject([{ subject: "In flight" }]);
      expect(await deliveryOf(id)).toMatchObject({ state: "applied", key });
    },
  );

  it("a queue message that fails to the end is parked with the bytes that lie there", async () => {
    const { id, key, notification } = await stored("folder.created", { id: "f" });
    const put = vi.spyOn(env.ATTACHMENTS, "put");
    await parkNotification(ctx, { key, received_at: nowSeconds(), notification });
    expect(await deliveryOf(id)).toMatchObject({ state: "parked", key });
    expect(put).not.toHaveBeenCalled();
  });

  it("a row of the ledger is replayed from its bytes, even one that cannot be asked for", async () => {
    const { id, key } = await stored("message.opened", { message_id: "m", message_data: { count: 1 } });
    await dbOf(box.company_id)
      .prepare(
        `INSERT INTO ems_deliveries (id, type, grant_id, account_id, received_at, state, key)
       VALUES (?, 'message.opened', ?, ?, ?, 'applied', ?)`,
      )
      .bind(id, box.grant_id, box.id, nowSeconds() - 1000, key)
      .run();
    const sent = await replay(id);
    expect(sent).toEqual({ key, received_at: expect.any(Number), replay: true });
    await consumeNotification(ctx, sent);
    await waitFor(async () => expect(await deliveryOf(id)).toMatchObject({ state: "applied", key }));
    await env.ATTACHMENTS.delete(key);
    expect((await client.call("POST", `/webhooks/deliveries/${id}/replay`)).status).toBe(409);
  });
});
