import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import { listInbox } from "../../src/ems/inbox/list.ts";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { listMessages } from "../../src/ems/messages/service.ts";
import { listThreads } from "../../src/ems/threads/service.ts";
import { type BulkAccount, createBulkAccount } from "../support/bulk.ts";
import { type Client, createClient, unique } from "../support/client.ts";
import { metered } from "../support/meter.ts";

const ctx = createContext(env, { waitUntil: () => {} });

/** A mail in a thread of its own. */
const receive = (account: BulkAccount, date: number) => {
  const name = `m${unique()}`;
  const message = { id: name, thread_id: name, date };
  return applyMessage(ctx, account, { message, observedAt: 1, cause: name });
};

interface Page {
  items: { id: string }[];
  total: number;
  next_cursor: string | null;
}

async function read(client: Client, path: string, query: object): Promise<Page> {
  const params = new URLSearchParams(Object.entries(query));
  return (await client.call<Page>("GET", `${path}?${params}`)).body;
}

/** Reads a whole list, page by page. @param between runs after each page */
async function walk(client: Client, path: string, query: object, between?: () => Promise<unknown>) {
  const ids: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Page = await read(client, path, { ...query, ...(cursor ? { cursor } : {}) });
    expect(page.items.length > 0 || cursor === undefined).toBe(true);
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.next_cursor;
    await between?.();
  }
  return ids;
}

describe("a cursor", () => {
  it("of another list, or of no list, is 400", async () => {
    const client = await createClient();
    for (const path of [
      "/inbox",
      "/messages",
      "/threads",
      "/conversations",
      "/drafts",
      "/outbox",
      "/webhooks/deliveries",
    ]) {
      for (const cursor of ["x", "%21", "MTIz", "", "a".repeat(501)]) {
        const { status, body } = await client.call("GET", `${path}?cursor=${cursor}`);
        expect({ path, cursor, status }).toEqual({ path, cursor, status: 400 });
        expect(body.detail).toMatch(/^cursor: /);
      }
    }
  });

  it("walks a whole list, each row once and in order, with any filter", async () => {
    const times = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 12 });
    const changes = fc.array(
      fc.tuple(fc.nat(40), fc.constantFrom("read" as const, "archive" as const, "star" as const)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(times, { minLength: 1, maxLength: 3 }),
        changes,
        fc.integer({ min: 1, max: 5 }),
        async (mailboxes, touched, size) => {
          const accounts = await Promise.all(mailboxes.map(() => createBulkAccount(2)));
          const client = await createClient({ companies: accounts.map(({ company_id }) => company_id) });
          for (const [nth, dates] of mailboxes.entries()) {
            for (const date of dates) await receive(accounts[nth]!, date);
          }
          const { items } = await read(client, "/inbox", { size: 100 });
          for (const [which, change] of touched) {
            await client.call("PATCH", `/inbox/${items[which % items.length]!.id}/${change}`);
          }
          const ofOne = { account_id: accounts[0]!.id };
          for (const [path, query] of [
            ["/messages", {}],
            ["/messages", ofOne],
            ["/threads", {}],
            ["/threads", ofOne],
            ["/inbox", {}],
            ["/inbox", ofOne],
            ["/inbox", { is_read: false }],
            ["/inbox", { is_read: true }],
            ["/inbox", { is_read: false, ...ofOne }],
          ] as const) {
            const whole = await read(client, path, { ...query, size: 100 });
            expect(whole.next_cursor).toBe(null);
            const ids = whole.items.map(({ id }) => id);
            expect(ids).toHaveLength(whole.total);
            expect(await walk(client, path, { ...query, size }), `${path} ${JSON.stringify(query)}`).toEqual(
              ids,
            );
          }
        },
      ),
      { numRuns: 6 },
    );
  });

  it("is stable when mail arrives, unlike page numbers", async () => {
    const account = await createBulkAccount(10);
    const client = await createClient({ companies: [account.company_id] });
    let newest = 1_800_000_000;
    for (const path of ["/inbox", "/messages", "/threads"]) {
      const before = (await read(client, path, { size: 100 })).items.map(({ id }) => id);
      expect(await walk(client, path, { size: 3 }, () => receive(account, newest++))).toEqual(before);
    }
  });

  it("costs the same at any depth", async () => {
    const account = await createBulkAccount(20_000);
    const { ctx: user, meter } = metered({ user_id: unique(), companies: [account.company_id] });
    const at = { at: 1_700_000_100, id: "~" };
    const lists = {
      inbox: (cursor: object) => listInbox(user, { page: 1, size: 25, ...cursor }),
      unread: (cursor: object) => listInbox(user, { page: 1, size: 25, is_read: false, ...cursor }),
      threads: (cursor: object) => listThreads(user, { page: 1, size: 25, ...cursor }),
      messages: async (cursor: object) => {
        const { items } = await listMessages(user, { page: 1, size: 25, ...cursor });
        for await (const _ of items);
      },
    };
    for (const [name, list] of Object.entries(lists)) {
      Object.assign(meter, { read: 0 });
      await list({});
      const first = meter.read;
      Object.assign(meter, { read: 0 });
      await list({ cursor: at });
      // Two look-ups find the dense range that contains the cursor.
      expect(meter.read, name).toBeLessThanOrEqual(first + 2);
      expect(first, name).toBeLessThanOrEqual(150);
    }
  });
});

describe("a page by number over more companies than fit into a statement", () => {
  it("is 400 when too many rows would be merged, and names the last page", async () => {
    const account = await createBulkAccount(20_000);
    const many = Array.from({ length: 29 }, () => unique());
    const client = await createClient({ companies: [account.company_id, ...many] });
    const page = (query: string) => client.call("GET", `/messages?${query}`);
    const { status, body } = await page("page=800");
    expect(status).toBe(400);
    // Of 30 lists, one a company. In one database, five of them are one statement.
    const last = env.STORE === "objects" ? 133 : 666;
    expect(body.detail).toBe(
      `page: with this many companies, only the first ${last} pages are available by number; use cursor`,
    );
    expect((await page(`page=${last}`)).body.items).toHaveLength(25);
    expect((await page("page=801")).body).toMatchObject({ items: [], total: 20_000 });
  });

  it("costs little per company for the first page", async () => {
    const accounts = await Promise.all(Array.from({ length: 12 }, () => createBulkAccount(100)));
    const companies = accounts.map(({ company_id }) => company_id);
    const { ctx: user, meter } = metered({ user_id: unique(), companies });
    await listThreads(user, { page: 1, size: 25 });
    // Each object gives a whole page, to be merged. In one database, SQLite merges, and stops at the page's end.
    expect(meter.read).toBeLessThan(12 * (env.STORE === "objects" ? 35 : 15));
  });
});
