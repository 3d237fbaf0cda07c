import { env, exports } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { enqueueNotification, type QueuedNotification } from "../../src/ems/intake/notification.ts";
import { MAX_QUEUED_BYTES } from "../../src/ems/intake/receive.ts";
import { nowSeconds } from "../../src/lib/time.ts";
import { faultyEnv, type Queued, type Strike } from "../chaos/faults.ts";
import { consume, execution } from "../chaos/queue.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { keysUnder } from "../support/lifetime.ts";
import { breakRoute, receiveMail } from "../support/nylas.ts";
import { waitFor } from "../support/wait.ts";

let client: Client;
let box: Awaited<ReturnType<typeof connectMailbox>>;

beforeAll(async () => {
  client = await createClient();
  box = await connectMailbox(client);
});
afterEach(() => vi.restoreAllMocks());

const encode = (text: string) => Uint8Array.from(new TextEncoder().encode(text));

const INVALID = Uint8Array.of(0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80);

/** JSON values that are as long as wanted: what stands before the repeated unit, the unit, and what stands after it. */
const CONTENT: Record<string, [open: string, unit: string | Uint8Array, close: string]> = {
  ASCII: ['"', "x", '"'],
  Cyrillic: ['"', "Ў", '"'],
  emoji: ['"', "😀", '"'],
  "lone surrogates": ['"', "\\ud83d", '"'],
  quotes: ['"', '\\"', '"'],
  "numbers that JSON writes longer": ["[0", ",1e20", "]"],
  "bytes that are no UTF-8": ['"', INVALID, '"'],
};

/** A notification of exactly this many bytes. */
function notificationOf(size: number, kind: string, subject: string): Uint8Array<ArrayBuffer> {
  const [open, unit, close] = CONTENT[kind]!;
  const object = {
    ...{ id: `m-${subject}`, grant_id: box.grant_id, subject, thread_id: `t-${subject}` },
    ...{ from: [{ email: "c@out.example" }], to: [], date: nowSeconds() - 60, body: "<p>Hello</p>" },
  };
  const whole = JSON.stringify({ id: `n-${subject}`, type: "message.created", data: { object } });
  const head = encode(`${whole.slice(0, -3)},"more":${open}`);
  const [repeated, tail] = [typeof unit === "string" ? encode(unit) : unit, encode(`${close}}}}`)];
  const bytes = new Uint8Array(size).fill(0x20);
  bytes.set(head);
  let end = head.length;
  for (; end + repeated.length + tail.length <= size; end += repeated.length) bytes.set(repeated, end);
  bytes.set(tail, end);
  return bytes;
}

async function signed(body: Uint8Array<ArrayBuffer>): Promise<Request> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encode(env.NYLAS_WEBHOOK_SECRET), algorithm, false, [
    "sign",
  ]);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, body)).toHex();
  const headers = { "x-nylas-signature": signature };
  return new Request("https://xabar.test/webhooks/nylas", { method: "POST", headers, body });
}

const stored = (subject: string) =>
  waitFor(async () => {
    const { body } = await client.call("GET", "/messages/?size=100");
    expect(body.items.map((item: { subject: string }) => item.subject)).toContain(subject);
  });

describe.each(Object.keys(CONTENT))("a notification full of %s", (kind) => {
  it(`of ${MAX_QUEUED_BYTES} bytes goes through the queue alone, byte for byte`, async () => {
    const subject = `small ${unique()}`;
    const bytes = notificationOf(MAX_QUEUED_BYTES, kind, subject);
    const before = await keysUnder("notifications/");
    const send = vi.spyOn(env.WEBHOOKS, "send");
    expect((await exports.default.fetch(await signed(bytes))).status).toBe(200);
    const [queued] = send.mock.calls[0] as [QueuedNotification];
    expect(queued).toEqual({ received_at: expect.any(Number), bytes });
    await stored(subject);
    expect(await keysUnder("notifications/")).toEqual(before);
  });

  it("of one byte more goes through R2, byte for byte", async () => {
    const subject = `large ${unique()}`;
    const bytes = notificationOf(MAX_QUEUED_BYTES + 1, kind, subject);
    const send = vi.spyOn(env.WEBHOOKS, "send");
    expect((await exports.default.fetch(await signed(bytes))).status).toBe(200);
    const [queued] = send.mock.calls[0] as [QueuedNotification];
    expect(queued).toEqual({ received_at: expect.any(Number), key: expect.any(String) });
    const object = await env.ATTACHMENTS.get(`${queued.key}`);
    expect(new Uint8Array(await object!.arrayBuffer())).toEqual(bytes);
    await stored(subject);
  });
});

it("the queue takes 27 KB more than the limit, so no message can exceed its own", async () => {
  const bytes = notificationOf(127_900, "bytes that are no UTF-8", `limit ${unique()}`);
  await enqueueNotification(env, { received_at: nowSeconds(), bytes });
  await expect(
    enqueueNotification(env, { received_at: nowSeconds(), bytes: new Uint8Array(128_000) }),
  ).rejects.toThrow();
});

it("postponed by the provider's limit, it goes through the queue a second time and is applied", async () => {
  const subject = `postponed ${unique()}`;
  const to = [{ email: box.email_address }];
  const [mail] = await receiveMail({ from: { email: "c@out.example" }, to, subject, silent: true });
  await breakRoute(`GET /grants/${box.grant_id}/messages/`, "429-provider");
  const send = vi.spyOn(env.WEBHOOKS, "send");
  const object = { id: mail!.id, grant_id: box.grant_id };
  const body = encode(JSON.stringify({ id: subject, type: "message.created.metadata", data: { object } }));
  expect((await exports.default.fetch(await signed(body))).status).toBe(200);
  await stored(subject);
  expect(send).toHaveBeenCalledTimes(2);
});

describe("while a binding is down", () => {
  const down =
    (name: string): Strike =>
    (call) =>
      call.startsWith(name) ? "before" : null;

  it.each([
    ["R2", MAX_QUEUED_BYTES, 200],
    ["R2", MAX_QUEUED_BYTES + 1, 503],
    ["D1", MAX_QUEUED_BYTES, 200],
    ["D1", MAX_QUEUED_BYTES + 1, 200],
    ["xabar-webhooks", 1000, 503],
    ["xabar-webhooks", MAX_QUEUED_BYTES + 1, 503],
  ])("%s, a notification of %d bytes is %d", async (name, size, status) => {
    const queue: Queued[] = [];
    const broken = faultyEnv(down(name), queue);
    const response = await app.fetch(
      await signed(notificationOf(size, "ASCII", `x${unique()}`)),
      broken,
      execution,
    );
    expect(response.status).toBe(status);
    expect(queue).toHaveLength(status === 200 ? 1 : 0);
  });

  it("R2 or D1, a dead notification is not parked, comes again, and is parked with its bytes", async () => {
    // From its n-th call on, until it makes no more.
    for (let n = 0; ; n++) {
      const subject = `dead ${unique()}`;
      const bytes = notificationOf(1000, "bytes that are no UTF-8", subject);
      const body: QueuedNotification = { received_at: nowSeconds(), bytes };
      const queue: Queued[] = [];
      let calls = 0;
      const isDown: Strike = (call) => (/^(R2|D1)/.test(call) && calls++ >= n ? "before" : null);
      const broken = faultyEnv(isDown, queue);
      const stateOf = () =>
        db
          .prepare("SELECT state, key FROM ems_deliveries WHERE id = ?")
          .bind(`n-${subject}`)
          .first<{ state: string; key: string }>();
      if ((await consume([{ queue: "xabar-webhooks", body, attempts: 42 }], broken, queue)) === 0) {
        expect(n).toBeGreaterThan(4);
        break;
      }
      expect(await stateOf()).toBeNull();
      // Before its last try, the message starts over with its bytes.
      await consume([{ queue: "xabar-webhooks", body, attempts: 95 }], broken, queue);
      expect(queue.at(-1)).toMatchObject({ attempts: 1, body: { bytes } });
      expect(await consume(queue.splice(0, 1), env, queue)).toBe(0);
      const row = await stateOf();
      expect(row?.state).toBe("parked");
      const object = await env.ATTACHMENTS.get(`${row?.key}`);
      expect(new Uint8Array(await object!.arrayBuffer())).toEqual(bytes);
    }
  });

  it("no log line has anything of a notification's content", async () => {
    const lines: string[] = [];
    for (const level of ["info", "warn", "error"] as const)
      vi.spyOn(console, level).mockImplementation((line) => lines.push(`${line}`));
    const secret = `secret-${unique()}`;
    const bytes = notificationOf(1000, "ASCII", secret);
    const queue: Queued[] = [];
    for (const name of ["D1", "R2", "xabar-webhooks"]) {
      const broken = faultyEnv(down(name), queue);
      await app.fetch(await signed(bytes), broken, execution);
      for (const attempts of [1, 42, 95]) {
        const body: QueuedNotification = { received_at: nowSeconds(), bytes };
        await consume([{ queue: "xabar-webhooks", body, attempts }], broken, queue);
      }
    }
    expect(lines.some((line) => line.includes("queue.failed"))).toBe(true);
    expect(lines.filter((line) => line.includes(secret) || line.includes(`${bytes.slice(0, 20)}`))).toEqual(
      [],
    );
  });
});
