import { beforeAll, describe, expect, it } from "vitest";
import type { Conversation } from "../../src/ems/conversations/responses.ts";
import { entryIdOf } from "../../src/lib/ids.ts";
import { type BulkAccount, createBulkAccount } from "../support/bulk.ts";
import { type Client, createClient } from "../support/client.ts";
import {
  createEmptyAccount,
  type Mail,
  readConversations as read,
  receive,
} from "../support/conversations.ts";

const subjects = async (client: Client, query = "") =>
  (await read(client, query)).map(({ subject, message }) => `${subject} ${message.snippet}`);

let account: BulkAccount;
let client: Client;
const ids: Record<string, string> = {};

const entry = (name: string, of = client) => entryIdOf(of.claims.user_id, ids[name]!);
const change = (name: string, changes: object, of = client) =>
  of.call("PATCH", "/inbox/", { ids: [entry(name, of)], changes });

beforeAll(async () => {
  account = await createEmptyAccount();
  client = await createClient({ companies: [account.company_id] });
  const mails: Record<string, Mail> = {
    first: { thread: "offer", date: 1000, hasFile: true },
    other: { thread: "lunch", date: 2000, from: "bob@out.example", name: null },
    second: { thread: "offer", date: 3000, from: "ANN@out.example", name: "Ann A." },
    answer: { thread: "offer", date: 4000, from: account.email_address, name: "Box", folder: "SENT" },
    junk: { thread: "prize", date: 5000, folder: "SPAM" },
    late: { thread: "offer", date: 6000, folder: "TRASH" },
  };
  for (const [name, mail] of Object.entries(mails)) ids[name] = await receive(account, mail);
});

describe("GET /conversations", () => {
  it("is 400 for what it does not know", async () => {
    const thread = (await read(client))[0]!.thread_id;
    const { body } = await client.call("GET", "/conversations?size=1");
    const refusals: [string, RegExp][] = [
      ["view=outbox", /^view: must be one of inbox, starred, archived, sent, drafts, junk, trash, all$/],
      ["is_read=true", /^is_read: must be false$/],
      ["size=101", /^size: must be at most 100$/],
      ["page=2", /^page: /],
      ["folder=sent", /^folder: /],
      [`thread_id=${thread}&cursor=${body.next_cursor}`, /^cursor: one conversation has no further page$/],
    ];
    for (const [query, detail] of refusals) {
      const answer = await client.call("GET", `/conversations?${query}`);
      expect({ query, status: answer.status, detail: answer.body.detail }).toEqual({
        ...{ query, status: 400, detail: expect.stringMatching(detail) },
      });
    }
  });

  it("has nothing of another company", async () => {
    const stranger = await createClient();
    const thread = (await read(client))[0]!.thread_id;
    for (const view of ["inbox", "starred", "archived", "sent", "drafts", "junk", "trash", "all"]) {
      for (const query of ["", `&account_id=${account.id}`, `&thread_id=${thread}`, "&is_read=false"]) {
        const { body } = await stranger.call("GET", `/conversations?view=${view}${query}`);
        expect(body).toEqual({ items: [], next_cursor: null });
      }
    }
  });

  it("lists a conversation once, at its newest message of the view", async () => {
    expect(await subjects(client)).toEqual(["offer At 3000", "lunch At 2000"]);
    expect(await subjects(client, "view=all")).toEqual(["offer At 4000", "lunch At 2000"]);
    expect(await subjects(client, "view=sent")).toEqual(["offer At 4000"]);
    expect(await subjects(client, "view=junk")).toEqual(["prize At 5000"]);
    expect(await subjects(client, "view=trash")).toEqual(["offer At 6000"]);
    for (const view of ["drafts", "starred", "archived"])
      expect(await read(client, `view=${view}`)).toEqual([]);
  });

  it("shows who wrote, what is unread and whether there are files", async () => {
    const [offer] = await read(client);
    expect(offer).toEqual({
      thread_id: expect.any(String),
      email_account_id: account.id,
      account_email: account.email_address,
      company_id: account.company_id,
      subject: "offer",
      message_count: 3,
      version: expect.any(Number),
      last_message_at: "1970-01-01T00:50:00Z",
      message: {
        id: ids.second,
        from_address: "ANN@out.example",
        from_name: "Ann A.",
        to_addresses: [{ email: account.email_address, name: "Box" }],
        snippet: "At 3000",
        direction: "inbound",
        folder: "inbox",
        sent_at: "1970-01-01T00:50:00Z",
      },
      participants: [
        { name: "Box", email: account.email_address },
        { name: "Ann A.", email: "ANN@out.example" },
      ],
      has_attachments: true,
      unread_count: 3,
      is_starred: false,
      is_archived: false,
    });
    const { body: thread } = await client.call("GET", `/threads/${offer!.thread_id}`);
    expect(offer!.version).toBe(thread.version);
  });

  it("counts the hidden messages in a view of a hidden folder", async () => {
    const [trash] = await read(client, "view=trash");
    expect(trash).toMatchObject({
      subject: "offer",
      message_count: 1,
      unread_count: 1,
      has_attachments: false,
    });
  });

  it("follows the caller's state, and nobody else's", async () => {
    const colleague = await createClient({ companies: [account.company_id] });
    const before = await read(colleague);
    await change("second", { is_archived: true, is_read: true });
    expect(await subjects(client)).toEqual(["lunch At 2000", "offer At 1000"]);
    expect(await subjects(client, "view=archived")).toEqual(["offer At 3000"]);
    expect((await read(client))[1]).toMatchObject({ unread_count: 2, is_archived: false });
    await change("first", { is_archived: true, is_starred: true, is_read: true });
    expect(await subjects(client)).toEqual(["lunch At 2000"]);
    expect(await read(client, "view=starred")).toMatchObject([
      {
        subject: "offer",
        message: { snippet: "At 1000" },
        is_starred: true,
        is_archived: true,
        unread_count: 1,
      },
    ]);
    expect(await subjects(client, "view=archived&is_read=false")).toEqual([]);
    expect(await subjects(client, "view=sent&is_read=false")).toEqual(["offer At 4000"]);
    expect(await subjects(client, "view=all&is_read=false")).toEqual(["offer At 4000", "lunch At 2000"]);
    await change("other", { is_read: true });
    expect(await subjects(client, "is_read=false")).toEqual([]);
    expect(await read(colleague)).toEqual(before);
    for (const name of ["first", "second", "other"])
      await change(name, { is_archived: false, is_starred: false, is_read: false });
    expect(await read(client)).toEqual(before);
  });

  it("finds one conversation, if it is in the view", async () => {
    const [offer, lunch] = await read(client);
    for (const one of [offer!, lunch!]) {
      for (const query of ["", "&is_read=false", `&account_id=${account.id}`]) {
        expect(await read(client, `thread_id=${one.thread_id}${query}`)).toEqual([one]);
      }
      expect(await read(client, `thread_id=${one.thread_id}&account_id=${crypto.randomUUID()}`)).toEqual([]);
    }
    expect(await read(client, `thread_id=${lunch!.thread_id}&view=sent`)).toEqual([]);
    expect(await read(client, `thread_id=${offer!.thread_id}&view=trash`)).toEqual(
      await read(client, "view=trash"),
    );
  });

  it("says at which position of the event log it was read", async () => {
    for (const query of ["", "view=all", `thread_id=${(await read(client))[0]!.thread_id}`]) {
      const { headers } = await client.call("GET", `/conversations?${query}`);
      const since = headers.get("last-event-id");
      expect((await client.call("GET", `/events?since=${since}`)).body.items).toEqual([]);
    }
  });
});

it("a list of several companies is merged, page by page", async () => {
  const accounts = await Promise.all(Array.from({ length: 7 }, () => createBulkAccount(30)));
  const several = await createClient({ companies: accounts.map(({ company_id }) => company_id) });
  for (const view of ["inbox", "all", "inbox&is_read=false", "all&is_read=false"]) {
    const found: Conversation[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const { body }: { body: { items: Conversation[]; next_cursor: string | null } } = await several.call(
        "GET",
        `/conversations?view=${view}&size=4${cursor && `&cursor=${cursor}`}`,
      );
      found.push(...body.items);
      cursor = body.next_cursor;
    }
    expect(found).toHaveLength(7 * 15);
    expect(new Set(found.map(({ thread_id }) => thread_id)).size).toBe(7 * 15);
    const times = found.map(({ last_message_at }) => last_message_at);
    expect(times).toEqual(times.toSorted().reverse());
    const whole = await read(several, `view=${view}&size=100`);
    expect(whole).toEqual(found.slice(0, whole.length));
  }
});

it("a conversation longer than a window hides no other", async () => {
  const long = await createBulkAccount(2);
  const reader = await createClient({ companies: [long.company_id] });
  for (let n = 0; n < 60; n++) await receive(long, { thread: "long", date: 1_800_000_000 + n });
  const pages: number[] = [];
  const found: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { body }: { body: { items: Conversation[]; next_cursor: string | null } } = await reader.call(
      "GET",
      `/conversations?size=1${cursor && `&cursor=${cursor}`}`,
    );
    pages.push(body.items.length);
    found.push(...body.items.map(({ subject }) => subject));
    cursor = body.next_cursor;
  }
  expect(found).toEqual(["long", "Subject"]);
  expect(pages.length).toBeLessThanOrEqual(3);
});
