import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import { consumeNotification } from "../../src/ems/intake/consumer.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { queued } from "../support/queued.ts";
import { openStream } from "../support/stream.ts";

const ctx = createContext(env, { waitUntil: () => {} });
const NOW = Math.floor(Date.now() / 1000);

let client: Client;
let account: Awaited<ReturnType<typeof connectMailbox>>;

beforeAll(async () => {
  client = await createClient();
  account = await connectMailbox(client);
});

/** Applies a notification as the queue delivers it. */
const apply = (type: string, object: object, { time = NOW, data = {}, id = `n${unique()}` } = {}) =>
  consumeNotification(
    ctx,
    queued({ id, type, time, data: { object: { grant_id: account.grant_id, ...object }, ...data } }, NOW),
  );

const mail = (id: string, fields: object = {}) => ({
  id,
  thread_id: `t-${id}`,
  subject: `Subject ${id}`,
  from: [{ email: "c@out.example" }],
  to: [{ email: account.email_address }],
  date: NOW - 60,
  body: "<p>Body</p>",
  headers: [{ name: "Message-ID", value: `<${id}@out.example>` }],
  ...fields,
});

async function create(fields: object = {}): Promise<MessageResponse> {
  const id = `m${unique()}`;
  await apply("message.created", mail(id, fields), { time: NOW - 50 });
  const { body } = await client.call("GET", "/messages/?size=100");
  return body.items.find((item: MessageResponse) => item.internet_message_id === `<${id}@out.example>`);
}

const providerId = ({ internet_message_id }: MessageResponse) => internet_message_id.slice(1).split("@")[0]!;

const get = async ({ id }: { id: string }) => client.call<MessageResponse>("GET", `/messages/${id}`);

describe("message.deleted", () => {
  it("removes the message from every list and count, and a late state does not restore it", async () => {
    const message = await create();
    const [entry] = (await client.call("GET", "/inbox/")).body.items;
    await client.call("PATCH", `/inbox/${entry.id}/read`, {});
    const before = (await client.call("GET", "/inbox/unread-counts")).body[0].unread_count;
    const total = (await client.call("GET", "/messages/")).body.total;
    await apply("message.deleted", { id: providerId(message), object: "message" });
    expect((await get(message)).status).toBe(404);
    for (const type of ["message.created", "message.updated"]) {
      await apply(type, mail(providerId(message)), { time: NOW });
    }
    expect((await get(message)).status).toBe(404);
    expect((await client.call("GET", "/messages/")).body.total).toBe(total - 1);
    expect((await client.call("GET", "/inbox/unread-counts")).body[0].unread_count).toBe(before);
    expect((await client.call("GET", `/threads/${message.thread_id}`)).status).toBe(404);
  });

  it("before the message itself arrives blocks it", async () => {
    const id = `m${unique()}`;
    const total = (await client.call("GET", "/messages/")).body.total;
    await apply("message.deleted", { id });
    await apply("message.created", mail(id), { time: NOW - 5 });
    expect((await client.call("GET", "/messages/")).body.total).toBe(total);
    // Restored from the bin later.
    await apply("message.updated", mail(id), { time: NOW + 5 });
    expect((await client.call("GET", "/messages/")).body.total).toBe(total + 1);
  });

  it("keeps the messages of a protected thread", async () => {
    const message = await create();
    await client.call("PATCH", `/threads/${message.thread_id}`, { do_not_delete: true });
    await apply("message.deleted", { id: providerId(message) });
    expect((await get(message)).status).toBe(200);
  });

  it("sends an event on the stream", async () => {
    const message = await create();
    const stream = await openStream(client.token);
    await stream.next();
    const ringing = createContext(env, { waitUntil: () => {} });
    const deletion = {
      id: `n${unique()}`,
      type: "message.deleted",
      time: NOW,
      data: { object: { id: providerId(message), grant_id: account.grant_id } },
    };
    await consumeNotification(ringing, queued(deletion, NOW));
    expect(await stream.next()).toMatchObject({ event: "message.deleted", data: { message_id: message.id } });
    await stream.close();
  });
});

describe("the outcome of a sent mail", () => {
  it("a bounce, by provider id or Message-ID, is stored and overrides a success", async () => {
    const [first, second] = [await create(), await create()];
    const bounce = { bounce_reason: "No such user", code: "550", bounced_addresses: "x@out.example" };
    await apply("message.bounce_detected", { ...bounce, origin: { id: providerId(first) } });
    await apply("message.send_success", { id: providerId(first) });
    await apply("message.bounce_detected", {
      ...bounce,
      origin: { mime_id: `${providerId(second)}@out.example` },
    });
    for (const message of [first, second]) {
      expect((await get(message)).body.delivery).toMatchObject({
        state: "bounced",
        detail: "x@out.example: 550: No such user",
      });
      const told = await db
        .prepare("SELECT type FROM ems_events WHERE message_id = ? ORDER BY id DESC LIMIT 1")
        .bind(message.id)
        .first("type");
      expect(told).toBe("message.delivery_updated");
    }
  });

  it("a bounce of a mail not stored yet is retried", async () => {
    const bounce = { bounce_reason: "No such user", origin: { id: `m${unique()}` } };
    await expect(apply("message.bounce_detected", bounce)).rejects.toThrow("not known yet");
  });

  it.each(["inside data", "inside the object"])("a failure is stored, with its reason %s", async (where) => {
    const message = await create();
    const told = { reason: "Mailbox full" };
    const inside = where === "inside data";
    const object = { id: providerId(message), ...(inside ? {} : told) };
    await apply(
      "message.send_failed",
      object,
      inside ? { data: { object: { ...object, grant_id: account.grant_id }, ...told } } : {},
    );
    expect((await get(message)).body.delivery).toMatchObject({ state: "failed", detail: "Mailbox full" });
  });

  it("open and click counts only grow", async () => {
    const message = await create();
    const id = { message_id: providerId(message) };
    for (const count of [2, 3, 1])
      await apply("message.opened", { ...id, message_data: { count, timestamp: 1 } });
    for (const count of [4, 2]) {
      await apply("message.link_clicked", {
        ...id,
        link_data: [
          { count, url: "a" },
          { count: 1, url: "b" },
        ],
      });
    }
    expect((await get(message)).body.delivery).toMatchObject({
      state: null,
      opened_count: 3,
      clicked_count: 5,
    });
  });
});

describe("suffixes, in any combination", () => {
  it.each([".transformed", ".cleaned", ".metadata", ".truncated", ".cleaned.transformed.truncated"])(
    "%s never removes a stored body",
    async (suffix) => {
      const message = await create();
      const { body: _cut, ...rest } = mail(providerId(message), { subject: `changed ${suffix}` });
      const object = suffix.includes("cleaned") ? { ...rest, body: "markdown" } : rest;
      await apply(`message.updated${suffix}`, object);
      const { body } = await get(message);
      expect(body.body_html).toBe("<p>Body</p>");
    },
  );
});

describe("a grant", () => {
  it("that expires and returns ends connected, in any order of notifications", async () => {
    const status = async () => (await client.call("GET", `/accounts/${account.id}`)).body.status;
    const expired = () => apply("grant.expired", { code: 25009 }, { time: NOW + 10 });
    const renewed = () =>
      apply("grant.updated", { code: 25027, reauthentication_flag: true }, { time: NOW + 20 });
    await expired();
    expect(await status()).toBe("disconnected");
    const { body } = await client.call("GET", `/accounts/${account.id}/sync`);
    expect(body.disconnected_reason).toContain("sign in again");
    await renewed();
    expect(await status()).toBe("active");
    await expired();
    expect(await status()).toBe("active");
  });

  it("that is deleted leaves the account disconnected with all its mail", async () => {
    const other = await connectMailbox(client);
    const deletion = {
      id: `n${unique()}`,
      type: "grant.deleted",
      time: NOW + 1,
      data: { object: { grant_id: other.grant_id } },
    };
    await consumeNotification(ctx, queued(deletion, NOW));
    expect((await client.call("GET", `/accounts/${other.id}`)).body.status).toBe("disconnected");
  });
});
