import { beforeEach, describe, expect, it } from "vitest";
import type { Conversation } from "../../src/ems/conversations/responses.ts";
import { entryIdOf } from "../../src/lib/ids.ts";
import type { BulkAccount } from "../support/bulk.ts";
import { type Client, createClient } from "../support/client.ts";
import {
  createEmptyAccount,
  type Mail,
  readConversations as read,
  receive,
  repeat,
} from "../support/conversations.ts";

let account: BulkAccount;
let client: Client;
let ids: Record<string, string>;
let offer: Conversation;
let lunch: Conversation;

beforeEach(async () => {
  account = await createEmptyAccount();
  client = await createClient({ companies: [account.company_id] });
  const mails: Record<string, Mail> = {
    first: { thread: "offer", date: 1000 },
    other: { thread: "lunch", date: 2000 },
    second: { thread: "offer", date: 3000 },
    answer: { thread: "offer", date: 4000, from: account.email_address, folder: "SENT" },
    trash: { thread: "offer", date: 6000, folder: "TRASH" },
  };
  ids = {};
  for (const [name, mail] of Object.entries(mails)) ids[name] = await receive(account, mail);
  [offer, lunch] = (await read(client)) as [Conversation, Conversation];
});

const entries = (...names: string[]) => names.map((name) => entryIdOf(client.claims.user_id, ids[name]!));
const change = (changes: unknown, thread = offer.thread_id, of = client) =>
  of.call("PATCH", `/conversations/${thread}`, changes);
const changeAll = (thread_ids: unknown[], changes: unknown, of = client) =>
  of.call("PATCH", "/conversations", { thread_ids, changes });

/** The state of each message, by name: `r` read, `s` starred, `a` archived. */
async function states(of = client): Promise<Record<string, string>> {
  const names = Object.entries(ids).map(async ([name, id]) => {
    const { body } = await of.call("GET", `/messages/${id}`);
    const { is_read, is_starred, is_archived } = body.inbox;
    return [name, `${is_read ? "r" : ""}${is_starred ? "s" : ""}${is_archived ? "a" : ""}`];
  });
  return Object.fromEntries(await Promise.all(names));
}

const UNTOUCHED = { first: "", second: "", answer: "", trash: "", other: "" };

/** The events since a position. */
async function eventsSince(position: string | null): Promise<{ type: string; message_id: string | null }[]> {
  return (await client.call("GET", `/events?since=${position}`)).body.items;
}

const position = async () => (await client.call("GET", "/conversations")).headers.get("last-event-id");

describe("PATCH /conversations/{thread_id}", () => {
  it("is 400 without a change, and 404 for a thread of another company", async () => {
    for (const body of [{}, { is_read: "true" }, { is_starred: null }]) {
      expect((await change(body)).status).toBe(400);
    }
    const stranger = await createClient();
    for (const thread of [offer.thread_id, crypto.randomUUID()]) {
      expect(await change({ is_archived: true }, thread, stranger)).toMatchObject({
        status: 404,
        body: { detail: "Thread not found" },
      });
    }
    expect(await states()).toEqual(UNTOUCHED);
  });

  it("marks all messages as read, except in the trash", async () => {
    await client.call("PATCH", "/inbox", { ids: entries("second"), changes: { is_read: true } });
    const { body } = await change({ is_read: true });
    expect(body).toEqual({ changed: { is_read: entries("answer", "first") } });
    expect(await states()).toEqual({ ...UNTOUCHED, first: "r", second: "r", answer: "r" });
  });

  it("marks the newest received message as unread", async () => {
    await change({ is_read: true });
    const { body } = await change({ is_read: false });
    expect(body).toEqual({ changed: { is_read: entries("second") } });
    expect(await states()).toEqual({ ...UNTOUCHED, first: "r", answer: "r" });
    expect(await read(client, "is_read=false")).toMatchObject([
      { thread_id: offer.thread_id, unread_count: 1 },
      { thread_id: lunch.thread_id },
    ]);
  });

  it("stars the newest message, and removes all stars", async () => {
    await client.call("PATCH", "/inbox", { ids: entries("first"), changes: { is_starred: true } });
    expect((await change({ is_starred: true })).body).toEqual({ changed: { is_starred: entries("answer") } });
    expect(await states()).toEqual({ ...UNTOUCHED, first: "s", answer: "s" });
    expect((await change({ is_starred: false })).body.changed.is_starred).toEqual(entries("answer", "first"));
    expect(await states()).toEqual(UNTOUCHED);
  });

  it("archives all messages, and puts them back", async () => {
    expect((await change({ is_archived: true })).body.changed.is_archived).toHaveLength(3);
    expect(await read(client)).toMatchObject([{ thread_id: lunch.thread_id }]);
    expect(await read(client, "view=archived")).toMatchObject([
      { thread_id: offer.thread_id, is_archived: true, message: { id: ids.answer } },
    ]);
    await change({ is_archived: false });
    expect(await read(client)).toEqual([offer, lunch]);
  });

  it("names each entry by the fields that changed, so that a change can be undone", async () => {
    await client.call("PATCH", "/inbox", { ids: entries("second"), changes: { is_read: true } });
    await client.call("PATCH", "/inbox", { ids: entries("first"), changes: { is_archived: true } });
    const before = await states();
    const { body } = await change({ is_read: true, is_starred: false, is_archived: true });
    expect(body.changed).toEqual({
      is_read: entries("answer", "first"),
      is_starred: [],
      is_archived: entries("answer", "second"),
    });
    expect(await states()).toEqual({ ...UNTOUCHED, first: "ra", second: "ra", answer: "ra" });
    for (const field of ["is_read", "is_archived"]) {
      await client.call("PATCH", "/inbox", { ids: body.changed[field], changes: { [field]: false } });
    }
    expect(await states()).toEqual(before);
  });

  it("changes nothing when it is repeated, and raises one event for the first time", async () => {
    const start = await position();
    const changes = { is_read: true, is_archived: true };
    await change(changes);
    expect(await eventsSince(start)).toMatchObject([
      { type: "inbox.updated", thread_id: offer.thread_id, message_id: null },
    ]);
    const after = await position();
    expect((await change(changes)).body).toEqual({ changed: { is_read: [], is_archived: [] } });
    expect(await eventsSince(after)).toEqual([]);
    await change({ is_starred: true });
    expect(await eventsSince(after)).toMatchObject([{ type: "inbox.updated", message_id: ids.answer }]);
  });

  it("changes nothing for a colleague", async () => {
    const colleague = await createClient({ companies: [account.company_id] });
    await change({ is_read: true, is_starred: true, is_archived: true });
    expect(await states(colleague)).toEqual(UNTOUCHED);
    expect(await read(colleague)).toEqual([offer, lunch]);
  });

  it("covers the newest 500 messages", async () => {
    const long = await createEmptyAccount();
    const owner = await createClient({ companies: [long.company_id] });
    const id = await receive(long, { thread: "long", date: 1 });
    await repeat(long, id, 549);
    const [one] = (await read(owner)) as [Conversation];
    expect(one).toMatchObject({ message_count: 550, unread_count: 50 });
    expect((await change({ is_read: true }, one.thread_id, owner)).body.changed.is_read).toHaveLength(500);
    expect((await change({ is_read: true }, one.thread_id, owner)).body.changed.is_read).toEqual([]);
    const { body } = await owner.call("GET", "/inbox/unread-counts");
    expect(body[0].unread_count).toBe(50);
  });
});

describe("PATCH /conversations", () => {
  it("is 400 without ids, with more than 100, and without a change", async () => {
    const refusals: [unknown[], unknown, RegExp][] = [
      [[], { is_read: true }, /^thread_ids: at least one id/],
      [
        Array.from({ length: 101 }, () => crypto.randomUUID()),
        { is_read: true },
        /^thread_ids: at most 100 ids/,
      ],
      [[offer.thread_id], {}, /^changes: must name is_read, is_starred or is_archived/],
      [["7"], { is_read: true }, /^thread_ids.0: must be a UUID/],
    ];
    for (const [threads, changes, detail] of refusals) {
      expect(await changeAll(threads, changes)).toMatchObject({
        status: 400,
        body: { detail: expect.stringMatching(detail) },
      });
    }
  });

  it("changes the caller's conversations, and names the others", async () => {
    const stranger = await createClient();
    const absent = crypto.randomUUID();
    const threads = [lunch.thread_id, absent, offer.thread_id.toUpperCase(), lunch.thread_id];
    expect((await changeAll(threads, { is_archived: true }, stranger)).body).toEqual({
      changed: { is_archived: [] },
      not_found: [lunch.thread_id, absent, offer.thread_id],
    });
    expect(await states()).toEqual(UNTOUCHED);
    const { body } = await changeAll(threads, { is_archived: true });
    expect(body.not_found).toEqual([absent]);
    expect(body.changed.is_archived.toSorted()).toEqual(
      entries("first", "second", "answer", "other").toSorted(),
    );
    expect(await read(client)).toEqual([]);
  });

  it("changes conversations of several companies", async () => {
    const second = await createEmptyAccount();
    await receive(second, { thread: "their", date: 1000 });
    const both = await createClient({ companies: [account.company_id, second.company_id] });
    const all = await read(both, "view=all");
    expect(all).toHaveLength(3);
    const { body } = await changeAll(
      all.map(({ thread_id }) => thread_id),
      { is_archived: true },
      both,
    );
    expect(body).toEqual({ changed: { is_archived: expect.any(Array) }, not_found: [] });
    expect(body.changed.is_archived).toHaveLength(5);
    expect(await read(both)).toEqual([]);
    expect(await read(both, "view=archived")).toHaveLength(3);
  });
});
