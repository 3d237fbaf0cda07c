import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import { applyMessage } from "../../src/ems/messages/ingest.ts";
import { type BulkAccount, createBulkAccount } from "../support/bulk.ts";
import { unique } from "../support/client.ts";

const ctx = createContext(env, { waitUntil: () => {} });
let account: BulkAccount;

beforeAll(async () => {
  account = await createBulkAccount(1);
});

interface Sorted {
  thread_id: string;
  threaded_by: string;
}

/** Stores a mail. @returns where it was put, and by which rule */
async function receive(fields: object, to: BulkAccount = account): Promise<Sorted> {
  const n = unique();
  const message = {
    id: `m${n}`,
    thread_id: `t${n}`,
    subject: "Re: Order",
    internet_message_id: `<${n}@x.example>`,
    references: [],
  };
  const cause = `c${n}`;
  const { id } = await applyMessage(ctx, to, { message: { ...message, ...fields }, observedAt: 1, cause });
  const row = await env.DB.prepare("SELECT thread_id, threaded_by FROM ems_messages WHERE id = ?")
    .bind(id)
    .first();
  return row as unknown as Sorted;
}

describe("a mail finds its thread", () => {
  it("never by its subject", async () => {
    const [first, second] = [await receive({}), await receive({})];
    expect(second.thread_id).not.toBe(first.thread_id);
    expect(second.threaded_by).toBe("none");
  });

  it("by the provider's thread first", async () => {
    const first = await receive({ thread_id: "p1" });
    expect(await receive({ thread_id: "p1" })).toEqual({
      thread_id: first.thread_id,
      threaded_by: "provider",
    });
  });

  it("when a client has rewritten the Message-ID that is answered, by the provider's thread", async () => {
    const sent = await receive({ thread_id: "p2", internet_message_id: "<ours@x.example>" });
    const reply = await receive({ thread_id: "p2", references: ["<rewritten-by-exchange@y.example>"] });
    expect(reply).toEqual({ thread_id: sent.thread_id, threaded_by: "provider" });
  });

  it("when the provider has torn it off, by what it refers to", async () => {
    const first = await receive({ internet_message_id: "<root@x.example>" });
    const reply = await receive({ references: ["<unknown@x.example>", "<root@x.example>"] });
    expect(reply).toEqual({ thread_id: first.thread_id, threaded_by: "references" });
  });

  it("before the mail that it answers has come", async () => {
    const reply = await receive({ references: ["<late@x.example>"] });
    const late = await receive({ internet_message_id: "<late@x.example>" });
    expect(late).toEqual({ thread_id: reply.thread_id, threaded_by: "references" });
  });
});

it("answers to one newsletter that never came to this mailbox stay apart", async () => {
  const newsletter = { references: ["<newsletter@list.example>"] };
  const answers = [await receive(newsletter), await receive(newsletter), await receive(newsletter)];
  expect(new Set(answers.map(({ thread_id }) => thread_id)).size).toBe(3);
});

it("one mail to two of our mailboxes is in a thread of each", async () => {
  const other = await createBulkAccount(1, account.company_id);
  const mail = { id: "same", thread_id: "same", internet_message_id: "<same@x.example>" };
  const [here, there] = [await receive(mail), await receive(mail, other)];
  expect(here.thread_id).not.toBe(there.thread_id);
  const answer = await receive({ references: ["<same@x.example>"] }, other);
  expect(answer.thread_id).toBe(there.thread_id);
});

it("a mail to oneself, which a provider keeps twice, is one conversation", async () => {
  const self = {
    internet_message_id: "<self@x.example>",
    from: { email: account.email_address, name: null },
  };
  const [sent, received] = [
    await receive({ ...self, thread_id: "s" }),
    await receive({ ...self, thread_id: "s" }),
  ];
  expect(received.thread_id).toBe(sent.thread_id);
  expect(await receive({ references: ["<self@x.example>"] })).toMatchObject({ thread_id: sent.thread_id });
});

it("a protected thread that turns out to be one with another protects both", async () => {
  const first = await receive({ references: ["<bridge@x.example>"] });
  const second = await receive({ references: ["<bridge@x.example>"] });
  await env.DB.prepare("UPDATE ems_threads SET do_not_delete = 1 WHERE id = ?").bind(second.thread_id).run();
  await receive({ internet_message_id: "<bridge@x.example>" });
  const { results } = await env.DB.prepare(
    "SELECT message_count, do_not_delete FROM ems_threads WHERE id IN (?, ?)",
  )
    .bind(first.thread_id, second.thread_id)
    .all();
  expect(results).toEqual([{ message_count: 3, do_not_delete: 1 }]);
});

describe("two threads that turn out to be one, even in history", () => {
  let rows: { type: string; thread_id: string; version: number | null; seen: number | null }[];
  let first: Sorted;
  let second: Sorted;
  beforeAll(async () => {
    const to = await createBulkAccount(1);
    first = await receive({ internet_message_id: "<one@x.example>", references: ["<lost@x.example>"] }, to);
    second = await receive({ internet_message_id: "<two@x.example>", references: ["<gone@x.example>"] }, to);
    await receive({ references: ["<two@x.example>"] }, to);
    const { id } = (await env.DB.prepare("SELECT max(id) AS id FROM ems_events").first<{ id: number }>())!;
    const references = ["<one@x.example>", "<two@x.example>"];
    const message = {
      id: "old",
      thread_id: "old",
      subject: "Old",
      internet_message_id: "<old@x.example>",
      references,
    };
    await applyMessage(ctx, to, { message, observedAt: 1, cause: `old-${to.id}`, silent: true });
    ({ results: rows } = await env.DB.prepare(
      `SELECT e.type, e.thread_id, t.version,
        (SELECT min(thread_version) FROM ems_messages WHERE thread_id = t.id) AS seen
      FROM ems_events e LEFT JOIN ems_threads t ON t.id = e.thread_id WHERE e.id > ? ORDER BY e.id`,
    )
      .bind(id)
      .all<(typeof rows)[number]>());
  });

  it("are told of: the one that is gone, and the one that has all of it", () => {
    expect(rows.map(({ type }) => type).toSorted()).toEqual(["thread.deleted", "thread.updated"]);
    const ids = rows.map(({ thread_id }) => thread_id);
    expect(ids.toSorted()).toEqual([first.thread_id, second.thread_id].toSorted());
  });

  it("have a version that nobody has seen, whichever of the two they knew", () => {
    const merged = rows.find(({ version }) => version !== null);
    expect(merged?.version).toBeGreaterThan(2);
    expect(merged?.seen).toBe(merged?.version);
  });
});
