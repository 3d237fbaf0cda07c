import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { hmacHex } from "../../src/lib/hmac.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { eventually } from "../support/nylas.ts";

let client: Client;
let account: Awaited<ReturnType<typeof connectMailbox>>;

beforeAll(async () => {
  client = await createClient();
  account = await connectMailbox(client);
});

const notification = (type: string, object: object, fields: object = {}) =>
  JSON.stringify({
    specversion: "1.0",
    type,
    source: "/google/emails/realtime",
    id: `delivery-${unique()}`,
    time: Math.floor(Date.now() / 1000),
    data: { application_id: "app", object: { grant_id: account.grant_id, object: "message", ...object } },
    ...fields,
  });

const mail = (fields: object = {}) => ({
  id: `nylas-${unique()}`,
  thread_id: `thread-${unique()}`,
  subject: "New inquiry",
  from: [{ email: "customer@external.example", name: "John Customer" }],
  to: [{ email: account.email_address, name: "Support" }],
  cc: null,
  bcc: null,
  date: 1_708_937_400,
  body: "Hello, I have a question...",
  snippet: "Hello, I have a question...",
  attachments: [],
  folders: ["inbox"],
  ...fields,
});

async function post(body: BodyInit, headers: HeadersInit = {}, signature?: string): Promise<Response> {
  const signed = signature ?? (typeof body === "string" ? await hmacHex(env.NYLAS_WEBHOOK_SECRET, body) : "");
  const all = { "content-type": "application/json", "x-nylas-signature": signed, ...headers };
  return exports.default.fetch(
    new Request("https://xabar.test/webhooks/nylas", { method: "POST", headers: all, body }),
  );
}

const total = async () => (await client.call("GET", "/messages/")).body.total;

const stored = (subject: string) =>
  eventually(async () => {
    const { body } = await client.call("GET", "/messages/?size=100");
    const found = body.items.find((item: { subject: string }) => item.subject === subject);
    expect(found).toBeDefined();
    return found;
  });

describe("the webhook route", () => {
  it("is 401 and stores nothing with a missing or wrong signature", async () => {
    const before = await total();
    const send = vi.spyOn(env.WEBHOOKS, "send");
    const body = notification("message.created", mail());
    const right = await hmacHex(env.NYLAS_WEBHOOK_SECRET, body);
    for (const signature of [
      "",
      "x",
      right.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")),
      `${right}00`,
    ]) {
      const response = await post(body, {}, signature);
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({ detail: expect.stringContaining("x-nylas-signature") });
    }
    expect(send).not.toHaveBeenCalled();
    expect(await total()).toBe(before);
    send.mockRestore();
  });

  it("is 401 for a signature over other bytes, even with equal JSON", async () => {
    const body = notification("message.created", mail());
    const signature = await hmacHex(env.NYLAS_WEBHOOK_SECRET, body);
    expect((await post(body.replace(",", ", "), {}, signature)).status).toBe(401);
  });

  it("is 503 when the queue fails, so that Nylas retries", async () => {
    const send = vi.spyOn(env.WEBHOOKS, "send").mockRejectedValueOnce(new Error("queue is down"));
    const response = await post(notification("message.created", mail()));
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("60");
    send.mockRestore();
  });

  it("is 200 for an unknown trigger, an unknown grant and unknown fields", async () => {
    for (const body of [
      notification("calendar.created", { id: "x" }),
      notification("message.created", mail({ grant_id: "nobody's" })),
      notification("grant.created", { metric: 1934, code: 25012 }, { more: { and: "more" } }),
    ]) {
      const response = await post(body);
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ status: "ok" });
    }
  });

  it("verifies gzip as received, then inflates it", async () => {
    const subject = `gzip ${unique()}`;
    const plain = notification("message.created", mail({ subject }));
    const stream = new Response(plain).body!.pipeThrough(new CompressionStream("gzip"));
    const bytes = await new Response(stream).arrayBuffer();
    const key = await crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode(env.NYLAS_WEBHOOK_SECRET),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes));
    const signature = Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join("");
    expect((await post(bytes, { "content-encoding": "gzip" }, signature)).status).toBe(200);
    await stored(subject);
  });
});

describe("a mail's notification", () => {
  it("of 1 MB goes through R2 and arrives whole", async () => {
    const subject = `large ${unique()}`;
    const body = `<p>${"Ўзбек хат ".repeat(60_000)}</p>`;
    expect((await post(notification("message.created", mail({ subject, body })))).status).toBe(200);
    const message = await stored(subject);
    expect(message.body_html).toBe(body);
    const { body: thread } = await client.call("GET", `/threads/${message.thread_id}`);
    expect(thread.messages[0].body_html).toBe(body);
    const row = await db
      .prepare("SELECT body_html, body_key FROM ems_messages WHERE id = ?")
      .bind(message.id)
      .first();
    expect(row).toMatchObject({ body_html: null, body_key: expect.stringMatching(/^bodies\//) });
  });

  it("in the contract's shape creates the message, with plain text stored as text", async () => {
    const subject = `plain ${unique()}`;
    await post(notification("message.created", mail({ subject })));
    expect(await stored(subject)).toMatchObject({
      from_address: "customer@external.example",
      from_name: "John Customer",
      to_addresses: [{ email: account.email_address, name: "Support" }],
      cc_addresses: null,
      body_html: null,
      body_text: "Hello, I have a question...",
      direction: "inbound",
      sent_at: "2024-02-26T08:50:00Z",
    });
  });

  it("repeated, with the same id or another, changes nothing; an update changes only its fields", async () => {
    const subject = `again ${unique()}`;
    const object = mail({ subject, cc: [{ email: "cc@x.example" }] });
    const body = notification("message.created", object);
    for (const copy of [body, body, notification("message.created", object)]) await post(copy);
    const message = await stored(subject);
    const count = await total();
    const { id, thread_id } = object;
    const update = { id, thread_id, subject: `${subject} changed`, snippet: object.snippet };
    await post(notification("message.updated", update));
    const changed = await stored(`${subject} changed`);
    expect(changed).toEqual({ ...message, subject: `${subject} changed` });
    const old = notification("message.updated", { ...update, subject: "older" }, { time: 1_708_937_400 });
    await post(old);
    await post(notification("message.created", mail({ subject: `marker ${subject}` })));
    await stored(`marker ${subject}`);
    expect((await client.call("GET", `/messages/${message.id}`)).body).toEqual(changed);
    expect(await total()).toBe(count + 1);
  });

  it("to two of our mailboxes creates two messages, even with one provider id", async () => {
    const other = await connectMailbox(client);
    const subject = `both ${unique()}`;
    const object = mail({ subject });
    await post(notification("message.created", object));
    await post(notification("message.created", { ...object, grant_id: other.grant_id }));
    await eventually(async () => {
      const { body } = await client.call("GET", "/messages/?size=100");
      const found = body.items.filter((item: { subject: string }) => item.subject === subject);
      expect(new Set(found.map((item: { email_account_id: string }) => item.email_account_id)).size).toBe(2);
    });
  });
});
