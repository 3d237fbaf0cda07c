import { beforeAll, expect, it } from "vitest";
import { entryIdOf } from "../../src/lib/ids.ts";
import { type Client, createClient } from "../support/client.ts";
import { db } from "../support/db.ts";
import { type Grown, grow, middle } from "../support/grown.ts";
import { createObservedWorker, type ObservedWorker } from "../support/observed-worker.ts";
import { routes } from "../support/routes.ts";

// Each round trip to D1 is a wait for the caller, and most of the work of a small request.

let worker: ObservedWorker;
let grown: Grown;
let ids: Record<string, string>;

beforeAll(async () => {
  worker = createObservedWorker();
  grown = await grow(400);
  const { mailbox, users } = grown;
  const { id: message_id, thread_id } = middle(mailbox, 0);
  const idOf = async (table: string) =>
    `${await db.prepare(`SELECT id FROM ${table} WHERE account_id = ? LIMIT 1`).bind(mailbox.id).first("id")}`;
  ids = {
    ...{ message_id, thread_id, account_id: mailbox.id, company_id: String(mailbox.company_id) },
    inbox_id: entryIdOf(users.fresh.claims.user_id, message_id),
    draft_id: await idOf("ems_drafts"),
    attachment_id: await idOf("ems_attachments"),
  };
  const outbox = db.prepare("SELECT id FROM ems_outbox WHERE user_id = ? LIMIT 1");
  ids.outbox_id = `${await outbox.bind(3_000_000_001).first("id")}`;
});

/** The round trips of a GET. */
async function tripsOf(path: string, query: string, as: Client): Promise<number> {
  worker.ran.length = 0;
  await worker.request(`GET ${path}`, { as, ids, query });
  return new Set(worker.ran.map(({ trip }) => trip)).size;
}

/** GET routes that take more than one, or none at all. */
const OTHERS: Record<string, number> = {
  "/health": 0,
  // The row, then what it depends on.
  "/messages/:message_id/compose": 2,
  // The names of companies, then the user's own is kept.
  "/me": 2,
  // The messages of a window, then their conversations.
  "/conversations": 2,
  // Accounts, notifications, and how many are parked.
  "/webhooks/deliveries": 3,
};

/** What a GET needs beside an id. */
const QUERIES: Record<string, string> = { "/messages/:message_id/compose": "as=reply", "/contacts": "q=a" };

/** They are not read from D1, or need more than an id. */
const ELSEWHERE = ["/sse/events", "/webhooks/nylas", "/files/", "/metrics", "/accounts/connect"];

it("every GET takes one round trip, except a few", async () => {
  const found: Record<string, number> = {};
  for (const { method, path } of routes) {
    // How far a move is, the object knows by itself.
    if (method !== "GET" || path.endsWith("/move") || ELSEWHERE.some((each) => path.startsWith(each)))
      continue;
    found[path] = await tripsOf(path, QUERIES[path] ?? "", grown.users.fresh).catch(() => -1);
  }
  expect(found).toEqual(Object.fromEntries(Object.keys(found).map((path) => [path, OTHERS[path] ?? 1])));
});

const PAGES = ["", "page=2", "size=10", "page=3&size=10"];
const STATES = ["is_read=false", "is_read=true", "is_starred=true", "is_archived=true"];
const FOLDERS = ["folder=inbox", "folder=sent", "folder=all", "folder=junk"];

it("every list takes one round trip, once the accounts have been read", async () => {
  const { mailbox, users } = grown;
  const account = `account_id=${mailbox.id}`;
  const thread = `thread_id=${middle(mailbox, 0).thread_id}`;
  const lists = {
    "/inbox": [
      ...PAGES,
      ...STATES,
      ...FOLDERS,
      account,
      `${account}&is_read=false`,
      thread,
      `${thread}&folder=all`,
    ],
    "/messages": [...PAGES, ...FOLDERS, account, thread],
    "/threads": [...PAGES, ...FOLDERS, account],
    "/drafts": [...PAGES, account],
  };
  const found: Record<string, number> = {};
  for (const [name, as] of Object.entries({
    fresh: users.fresh,
    thorough: users.thorough,
    busy: users.busy,
  })) {
    for (const [path, queries] of Object.entries(lists)) {
      for (const query of queries) {
        await tripsOf(path, query, as);
        found[`${name} ${path}?${query}`] = await tripsOf(path, query, as);
      }
    }
  }
  // Several statements are merged before the messages are read: dense ranges of shown messages, and hidden ones.
  expect(Object.entries(found).filter(([, trips]) => trips !== 1)).toEqual([
    ["thorough /inbox?folder=all", 2],
    ["busy /inbox?folder=all", 2],
  ]);
});

it("one read of the inbox suffices for all its filters", async () => {
  const as = await createClient({ companies: [grown.mailbox.company_id] });
  await tripsOf("/inbox", "", as);
  for (const query of [...STATES, ...FOLDERS, `account_id=${grown.mailbox.id}`])
    expect(await tripsOf("/inbox", query, as), query).toBe(1);
});

it("a cursor takes one round trip, too", async () => {
  for (const as of [grown.users.fresh, grown.users.thorough]) {
    for (const path of ["/inbox", "/messages", "/threads", "/drafts"]) {
      const { body } = await worker.request(`GET ${path}`, { as });
      expect(await tripsOf(path, `cursor=${encodeURIComponent(body.next_cursor)}`, as), path).toBe(1);
    }
  }
});

it("a wrong guess costs a second trip and few rows, and is never an answer", async () => {
  const { mailbox, users } = grown;
  const as = users.patchy;
  const read = async (query: string) => {
    worker.ran.length = 0;
    const { body } = await worker.request("GET /inbox", { as, query });
    const trips = new Set(worker.ran.map(({ trip }) => trip)).size;
    return { body, trips, rows: worker.ran.reduce((sum, { rowsRead }) => sum + rowsRead, 0) };
  };
  for (const query of ["", "is_read=false"]) {
    await read(query);
    const { body, rows, trips } = await read(query);
    expect(trips).toBe(1);
    // Another isolate has made the ranges grow.
    const change = db
      .prepare(
        `UPDATE ems_inbox_stretches SET oldest_at = oldest_at - 1, oldest_id = (
         SELECT id FROM ems_messages WHERE account_id = ?1 AND sent_at = oldest_at - 1)
       WHERE account_id = ?1 AND user_id = ?2 AND newest_at = (
         SELECT max(newest_at) FROM ems_inbox_stretches WHERE account_id = ?1 AND user_id = ?2)
       RETURNING oldest_at, oldest_id`,
      )
      .bind(mailbox.id, as.claims.user_id);
    const { results } = await db
      .prepare(
        `INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at)
       SELECT ?2, id, company_id, account_id, sent_at FROM ems_messages m WHERE account_id = ?1 AND sent_at = (
         SELECT oldest_at - 1 FROM ems_inbox_stretches WHERE account_id = ?1 AND user_id = ?2
         ORDER BY newest_at DESC LIMIT 1)
       ON CONFLICT DO NOTHING RETURNING message_id`,
      )
      .bind(mailbox.id, as.claims.user_id)
      .all();
    expect(results).toHaveLength(1);
    expect((await change.all()).results).toHaveLength(1);
    const wrong = await read(query);
    expect(wrong.body).toEqual(body);
    expect(wrong.trips).toBe(2);
    expect(wrong.rows).toBeLessThan(rows + 30);
    expect((await read(query)).trips).toBe(1);
  }
});
