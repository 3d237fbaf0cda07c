import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { deleteMessage } from "../../src/ems/ingest/deletion.ts";
import { type BulkAccount, createBulkAccount } from "../support/bulk.ts";
import { unique } from "../support/client.ts";
import { db, dbOf } from "../support/db.ts";

const ctx = createContext(env, { waitUntil: () => {} });
let account: BulkAccount;

beforeAll(async () => {
  account = await createBulkAccount(1);
});

interface Sorted {
  thread_id: string;
  threaded_by: string;
}

/** Stores a mail. @returns its thread, and the rule that found it */
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
  const row = await db
    .prepare("SELECT thread_id, threaded_by FROM ems_messages WHERE id = ?")
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

  it("by the provider's thread when a client rewrote the Message-ID it replies to", async () => {
    const sent = await receive({ thread_id: "p2", internet_message_id: "<ours@x.example>" });
    const reply = await receive({ thread_id: "p2", references: ["<rewritten-by-exchange@y.example>"] });
    expect(reply).toEqual({ thread_id: sent.thread_id, threaded_by: "provider" });
  });

  it("by its references when the provider split the thread", async () => {
    const first = await receive({ internet_message_id: "<root@x.example>" });
    const reply = await receive({ references: ["<unknown@x.example>", "<root@x.example>"] });
    expect(reply).toEqual({ thread_id: first.thread_id, threaded_by: "references" });
  });

  it("before the mail it replies to arrives", async () => {
    const reply = await receive({ references: ["<late@x.example>"] });
    const late = await receive({ internet_message_id: "<late@x.example>" });
    expect(late).toEqual({ thread_id: reply.thread_id, threaded_by: "references" });
  });
});

describe("replies to a mail that never arrived", () => {
  const answer = (subject: string, to?: BulkAccount) =>
    receive({ references: ["<newsletter@list.example>"], subject }, to);

  it("stay apart under different subjects", async () => {
    const answers = [await answer("Re: Order 1"), await answer("Re: Order 2"), await answer("Order 3")];
    expect(new Set(answers.map(({ thread_id }) => thread_id)).size).toBe(3);
  });

  it("are one thread under one subject, with a prefix in any language", async () => {
    const to = await createBulkAccount(1);
    const subjects = ["Заказ", "Re: заказ", "AW: Re: ЗАКАЗ", "Отв: [sales] Заказ", "Fwd: Заказ (fwd)"];
    const threads: string[] = [];
    for (const subject of subjects) threads.push((await answer(subject, to)).thread_id);
    expect(new Set(threads).size).toBe(1);
  });

  it("stay apart in two mailboxes of a company", async () => {
    const other = await createBulkAccount(1, account.company_id);
    const [here, there] = [await answer("Re: Both"), await answer("Re: Both", other)];
    expect(here.thread_id).not.toBe(there.thread_id);
  });

  it("do not join through it once they have another reference", async () => {
    const here = await receive({ internet_message_id: "<here@x.example>" });
    const lost = await receive({ references: ["<lost-one@x.example>"], subject: "Deal" });
    const both = { references: ["<here@x.example>", "<lost-one@x.example>"], subject: "Re: Deal" };
    expect(await receive(both)).toMatchObject({ thread_id: here.thread_id });
    expect(await receive({ references: ["<lost-one@x.example>"], subject: "Re: Deal" })).toMatchObject({
      thread_id: lost.thread_id,
    });
  });
});

describe("a stranger who knows two threads", () => {
  let a: Sorted;
  let b: Sorted;
  const counts = async (...sorted: Sorted[]) => {
    const ids = JSON.stringify(sorted.map(({ thread_id }) => thread_id));
    const { results } = await db
      .prepare(
        "SELECT t.message_count AS n FROM json_each(?) j JOIN ems_threads t ON t.id = j.value ORDER BY j.key",
      )
      .bind(ids)
      .all<{ n: number }>();
    return results.map(({ n }) => n);
  };
  const ids = { a: "<deal-a@x.example>", b: "<deal-b@x.example>" };
  let to: BulkAccount;

  beforeEach(async () => {
    to = await createBulkAccount(1);
    a = await receive({ internet_message_id: ids.a, subject: "Deal A" }, to);
    b = await receive({ internet_message_id: ids.b, subject: "Deal B" }, to);
  });

  it("enters the nearer one, and merges nothing", async () => {
    expect(await receive({ references: [ids.a, ids.b] }, to)).toMatchObject({ thread_id: b.thread_id });
    expect(await receive({ references: [ids.b, ids.a] }, to)).toMatchObject({ thread_id: a.thread_id });
    expect(await counts(a, b)).toEqual([2, 2]);
  });

  it("merges nothing by a missing mail that arrives later", async () => {
    await receive({ references: [ids.a, "<step@x.example>"] }, to);
    const step = { internet_message_id: "<step@x.example>", references: [ids.b] };
    expect(await receive(step, to)).toMatchObject({ thread_id: b.thread_id });
    expect(await counts(a, b)).toEqual([2, 2]);
  });

  it("merges nothing by two missing mails that arrive later", async () => {
    await receive({ references: ["<one@x.example>", "<two@x.example>"] }, to);
    await receive({ internet_message_id: "<two@x.example>", references: [ids.a] }, to);
    await receive({ internet_message_id: "<one@x.example>", references: [ids.b] }, to);
    expect(await counts(a, b)).toEqual([3, 2]);
  });

  it("draws no replies away by a second mail with a known Message-ID", async () => {
    const copy = await receive({ internet_message_id: ids.a }, to);
    expect(copy.thread_id).not.toBe(a.thread_id);
    expect(await receive({ references: [ids.a] }, to)).toMatchObject({ thread_id: a.thread_id });
  });
});

describe("threads merge", () => {
  const threadOf = (internetId: string, to: BulkAccount) =>
    db
      .prepare("SELECT thread_id FROM ems_messages WHERE account_id = ? AND internet_message_id = ?")
      .bind(to.id, internetId)
      .first<string>("thread_id");

  it("into the oldest when the mail they wait for arrives", async () => {
    const to = await createBulkAccount(1);
    const missing = ["<missing@x.example>"];
    const first = await receive({ references: missing, subject: "One" }, to);
    await receive({ references: missing, subject: "Two", internet_message_id: "<second@x.example>" }, to);
    await receive({ internet_message_id: "<root@x.example>" }, to);
    await receive({ internet_message_id: missing[0], references: ["<root@x.example>"] }, to);
    for (const id of ["<second@x.example>", "<root@x.example>", "<missing@x.example>"]) {
      expect(await threadOf(id, to)).toBe(first.thread_id);
    }
  });

  it("when the provider regroups a stored mail", async () => {
    const to = await createBulkAccount(1);
    const first = await receive({ thread_id: "g1" }, to);
    const named = { internet_message_id: "<regrouped@x.example>" };
    const mail = { id: "regrouped", subject: "Re: Order", references: [], ...named };
    const apply = (thread_id: string, observedAt: number) =>
      applyMessage(ctx, to, { message: { ...mail, thread_id }, observedAt, cause: `r${unique()}` });
    await apply("g2", 1);
    expect(await threadOf(named.internet_message_id, to)).not.toBe(first.thread_id);
    await apply("g1", 2);
    expect(await threadOf(named.internet_message_id, to)).toBe(first.thread_id);
  });
});

describe("after a deletion", () => {
  const remove = (id: string, to: BulkAccount) => deleteMessage(ctx, to, id, Date.now());

  it("a reply to a deleted mail joins the rest of its thread, even after a merge", async () => {
    const to = await createBulkAccount(1);
    const other = await receive({ references: ["<gap@x.example>"], subject: "Other" }, to);
    const root = await receive({ internet_message_id: "<kept@x.example>" }, to);
    await receive(
      { id: "gone", internet_message_id: "<gone@x.example>", references: ["<kept@x.example>"] },
      to,
    );
    await remove("gone", to);
    await remove("gone", to);
    expect(await receive({ references: ["<gone@x.example>"] }, to)).toMatchObject({
      thread_id: root.thread_id,
      threaded_by: "references",
    });
    await receive({ internet_message_id: "<gap@x.example>", references: ["<kept@x.example>"] }, to);
    expect(await receive({ references: ["<gone@x.example>"] }, to)).toMatchObject({
      thread_id: other.thread_id,
    });
  });

  it("of a whole thread a reply starts a new one", async () => {
    const to = await createBulkAccount(1);
    const only = await receive({ id: "only", internet_message_id: "<only@x.example>" }, to);
    await remove("only", to);
    const answer = await receive({ references: ["<only@x.example>"] }, to);
    expect(answer).toMatchObject({ threaded_by: "none" });
    expect(answer.thread_id).not.toBe(only.thread_id);
  });

  it("a mail that returns joins the rest of its thread", async () => {
    const to = await createBulkAccount(1);
    const back = { id: "back", internet_message_id: "<back@x.example>" };
    const { thread_id } = await receive(back, to);
    await receive({ references: ["<back@x.example>"] }, to);
    await remove("back", to);
    const { id } = await applyMessage(ctx, to, {
      message: { ...back, subject: "Order", references: [] },
      observedAt: Date.now() + 1000,
      cause: "back again",
    });
    const row = await db.prepare("SELECT thread_id FROM ems_messages WHERE id = ?").bind(id).first();
    expect(row).toEqual({ thread_id });
  });

  it("the provider's thread id still leads to the thread that it started", async () => {
    const to = await createBulkAccount(1);
    const first = await receive(
      { id: "first", thread_id: "p", internet_message_id: "<first@x.example>" },
      to,
    );
    await receive({ references: ["<first@x.example>"] }, to);
    await remove("first", to);
    expect(await receive({ thread_id: "p" }, to)).toEqual({
      thread_id: first.thread_id,
      threaded_by: "provider",
    });
  });
});

it("one mail to two of our mailboxes is in one thread per mailbox", async () => {
  const other = await createBulkAccount(1, account.company_id);
  const mail = { id: "same", thread_id: "same", internet_message_id: "<same@x.example>" };
  const [here, there] = [await receive(mail), await receive(mail, other)];
  expect(here.thread_id).not.toBe(there.thread_id);
  const answer = await receive({ references: ["<same@x.example>"] }, other);
  expect(answer.thread_id).toBe(there.thread_id);
});

it("a mail to oneself, which a provider stores twice, is one thread", async () => {
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

it("merging with a protected thread protects both", async () => {
  const first = await receive({ references: ["<bridge@x.example>"], subject: "One" });
  const second = await receive({ references: ["<bridge@x.example>"], subject: "Two" });
  await db.prepare("UPDATE ems_threads SET do_not_delete = 1 WHERE id = ?").bind(second.thread_id).run();
  await receive({ internet_message_id: "<bridge@x.example>" });
  const { results } = await db
    .prepare("SELECT message_count, do_not_delete FROM ems_threads WHERE id IN (?, ?)")
    .bind(first.thread_id, second.thread_id)
    .all();
  expect(results).toEqual([{ message_count: 3, do_not_delete: 1 }]);
});

describe("merged threads, even during backfill", () => {
  let rows: { type: string; thread_id: string; version: number | null; seen: number | null }[];
  let first: Sorted;
  let second: Sorted;
  beforeAll(async () => {
    const to = await createBulkAccount(1);
    const log = dbOf(to.company_id);
    const references = ["<old@x.example>"];
    first = await receive({ references, subject: "One" }, to);
    second = await receive({ internet_message_id: "<two@x.example>", references, subject: "Two" }, to);
    await receive({ references: ["<two@x.example>"] }, to);
    const { id } = (await log.prepare("SELECT max(id) AS id FROM ems_events").first<{ id: number }>())!;
    const message = {
      id: "old",
      thread_id: "old",
      subject: "Old",
      internet_message_id: "<old@x.example>",
      references: [],
    };
    await applyMessage(ctx, to, { message, observedAt: 1, cause: `old-${to.id}`, silent: true });
    ({ results: rows } = await log
      .prepare(
        `SELECT e.type, e.thread_id, t.version,
        (SELECT min(thread_version) FROM ems_messages WHERE thread_id = t.id) AS seen
      FROM ems_events e LEFT JOIN ems_threads t ON t.id = e.thread_id WHERE e.id > ? ORDER BY e.id`,
      )
      .bind(id)
      .all<(typeof rows)[number]>());
  });

  it("append thread.deleted for one and thread.updated for the other", () => {
    expect(rows.map(({ type }) => type).toSorted()).toEqual(["thread.deleted", "thread.updated"]);
    const ids = rows.map(({ thread_id }) => thread_id);
    expect(ids.toSorted()).toEqual([first.thread_id, second.thread_id].toSorted());
  });

  it("have a version above both", () => {
    const merged = rows.find(({ version }) => version !== null);
    expect(merged?.version).toBeGreaterThan(2);
    expect(merged?.seen).toBe(merged?.version);
  });
});
