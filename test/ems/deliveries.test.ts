import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { QueuedNotification } from "../../src/ems/intake/notification.ts";
import type { NotificationResponse } from "../../src/ems/intake/responses.ts";
import worker from "../../src/index.ts";
import { createBulkAccount } from "../support/bulk.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import {
  breakRoute,
  deliverNotifications,
  eventually,
  mendRoutes,
  notify,
  receiveMail,
} from "../support/nylas.ts";

let client: Client;
let account: Awaited<ReturnType<typeof connectMailbox>>;

beforeAll(async () => {
  client = await createClient();
  account = await connectMailbox(client);
});

const list = async (
  of: Client,
  query = "",
): Promise<{ items: NotificationResponse[]; next_cursor: string | null }> =>
  (await of.call("GET", `/webhooks/deliveries${query}`)).body;

const latest = (type: string): Promise<NotificationResponse> =>
  eventually(async () => {
    const found = (await list(client, `?type=${type}`)).items[0];
    if (!found) throw new Error(`no delivery of ${type}`);
    return found;
  });

const parked = async (who = client): Promise<number> =>
  (await who.call("GET", "/webhooks/deliveries?size=1")).body.parked_count;

/** Collects what is sent to the queue, which gets it too. */
function watchQueue(): () => QueuedNotification[] {
  const send = vi.spyOn(env.WEBHOOKS, "send");
  return () => send.mock.calls.map(([body]) => body as QueuedNotification);
}

const idIn = ({ bytes }: QueuedNotification): string => {
  const { id, recalled } = JSON.parse(new TextDecoder().decode(bytes));
  return id ?? recalled.id;
};

/** Does what the platform does after a message's last retry. */
async function giveUp(body: unknown): Promise<void> {
  const message = {
    id: "m",
    timestamp: new Date(),
    attempts: 1,
    body,
    ack: () => {},
    retry: () => {
      throw new Error("could not be parked");
    },
  };
  const batch = { queue: "xabar-webhooks-dead", messages: [message], ackAll: () => {}, retryAll: () => {} };
  await worker.queue(batch as never, env, { waitUntil: () => {} } as never);
}

describe("the log of notifications", () => {
  it("is for admins only, and excludes other companies", async () => {
    await receiveMail({
      from: { email: "c@out.example" },
      to: [{ email: account.email_address }],
      subject: "x",
    });
    const { id } = await latest("message.created");
    const member = await createClient({ role: "member", companies: client.claims.companies });
    expect((await member.call("GET", "/webhooks/deliveries")).status).toBe(403);
    expect((await member.call("POST", `/webhooks/deliveries/${id}/replay`)).status).toBe(403);
    const stranger = await createClient();
    expect(await list(stranger)).toEqual({ items: [], parked_count: 0, next_cursor: null });
    const none = { items: [], parked_count: 0, next_cursor: null };
    expect(await list(stranger, `?account_id=${account.id}`)).toEqual(none);
    const answer = await stranger.call("POST", `/webhooks/deliveries/${id}/replay`);
    expect(answer).toMatchObject({ status: 404, body: { detail: "Delivery not found" } });
  });

  it("shows type, times and outcome of each notification", async () => {
    await notify("folder.created", { id: "f", grant_id: account.grant_id, name: "New", object: "folder" });
    await notify("calendar.created", { id: "c", grant_id: account.grant_id });
    expect(await latest("folder.created")).toMatchObject({
      account_id: account.id,
      grant_id: account.grant_id,
      state: "applied",
      attempts: 0,
      error: null,
      received_at: expect.any(String),
      occurred_at: expect.any(String),
      finished_at: expect.any(String),
    });
    const ignored = await latest("calendar.created");
    const reason = "There is nothing to do for this trigger";
    expect(ignored).toMatchObject({ state: "ignored", error: reason, key: null });
  });

  it("pages without gaps, newest first", async () => {
    const whole = (await list(client, "?size=100")).items.map(({ id }) => id);
    expect(whole.length).toBeGreaterThan(2);
    const pages: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page = await list(client, `?size=1${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
      pages.push(...page.items.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(pages).toEqual(whole);
    expect((await client.call("GET", "/webhooks/deliveries?cursor=%21")).status).toBe(400);
    expect((await list(client, "?state=ignored")).items.every(({ state }) => state === "ignored")).toBe(true);
  });

  it("counts failures, parks after the last, and replays once the cause is gone", async () => {
    const before = await parked();
    const inQueue = watchQueue();
    const subject = `cut ${unique()}`;
    await breakRoute(`GET /grants/${account.grant_id}/messages/`, "500", 1000);
    // Nylas truncates notifications over 1 MB, so the message must be fetched.
    const html = `<p>${"x".repeat(1_200_000)}</p>`;
    await receiveMail({
      from: { email: "c@out.example" },
      to: [{ email: account.email_address }],
      subject,
      html,
    });
    const failing = await eventually(async () => {
      const [found] = (await list(client, "?type=message.created.truncated")).items;
      expect(found?.attempts).toBeGreaterThan(0);
      return found!;
    });
    expect(failing).toMatchObject({ state: "received", error: expect.any(String), key: null });
    const queued = inQueue().find((each) => idIn(each) === failing.id);
    for (let n = 0; n < 2; n++) await giveUp(queued);
    expect(await parked()).toBe(before + 1);
    expect(await parked(await createClient())).toBe(0);
    const [shown] = (await list(client, "?state=parked")).items;
    expect(shown).toMatchObject({ id: failing.id, state: "parked", error: failing.error });
    const stored = await env.ATTACHMENTS.get(`${shown?.key}`);
    expect(new Uint8Array(await stored!.arrayBuffer())).toEqual(queued?.bytes);

    await mendRoutes();
    const replayed = await client.call("POST", `/webhooks/deliveries/${failing.id}/replay`);
    expect(replayed).toMatchObject({ status: 202, body: { id: failing.id, state: "received" } });
    await eventually(async () => {
      const { body } = await client.call("GET", "/messages/");
      expect(body.items.find((item: { subject: string }) => item.subject === subject)?.body_html).toBe(html);
    });
    await eventually(async () => expect(await parked()).toBe(before));
  });

  it("a notification for an unknown grant is accepted, and listed for no company", async () => {
    await notify("message.created", { id: `m${unique()}`, grant_id: `g${unique()}`, object: "message" });
    expect(await deliverNotifications()).toBeGreaterThan(0);
    expect((await list(client, "?size=100")).items.every((item) => item.account_id === account.id)).toBe(
      true,
    );
  });
});

it("a filter searches 1,000 deliveries per account, and returns the cursor to continue", async () => {
  const client = await createClient();
  const companies = client.claims.companies;
  const accounts = await Promise.all([
    createBulkAccount(1, companies[0]),
    createBulkAccount(1, companies[0]),
  ]);
  for (const [nth, { id }] of accounts.entries()) {
    // One account has 2,500, with only the newest and the oldest parked. The other three have only old ones.
    await db
      .prepare(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       INSERT INTO ems_deliveries (id, type, account_id, received_at, state, key)
       SELECT ?1 || '-' || i, 'message.created', ?1, i, iif(?2 = 3 OR i IN (1, ?2), 'parked', 'applied'), 'none' FROM n`,
      )
      .bind(id, nth ? 3 : 2500)
      .run();
  }
  const pages: number[] = [];
  const found: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Awaited<ReturnType<typeof list>> = await list(
      client,
      `?state=parked&size=4${cursor ? `&cursor=${cursor}` : ""}`,
    );
    pages.push(page.items.length);
    found.push(...page.items.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  const [large, small] = accounts.map(({ id }) => id);
  const last = [`${small}-1`, `${large}-1`].sort().reverse();
  expect(found).toEqual([`${large}-2500`, `${small}-3`, `${small}-2`, ...last]);
  expect(pages).toEqual([1, 0, 4]);
});
