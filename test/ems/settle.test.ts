import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import { countUnread, listInbox } from "../../src/ems/inbox/list.ts";
import { settle } from "../../src/ems/inbox/settle.ts";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { type BulkAccount, createBulkAccount } from "../support/bulk.ts";
import { unique } from "../support/client.ts";
import { metered } from "../support/meter.ts";

const ctx = createContext(env, { waitUntil: () => {} });

interface Known {
  id: string;
  at: number;
  touched?: "read" | "archived";
}

/** As the routes do it, but with a reach that makes small lists interesting. */
async function touch(
  user: number,
  account: BulkAccount,
  message: Known,
  as: "read" | "archived",
  reach: number,
) {
  const column = as === "read" ? "is_read" : "is_archived";
  await env.DB.prepare(
    `INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, ${column})
    VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT (user_id, message_id) DO UPDATE SET ${column} = 1`,
  )
    .bind(user, message.id, account.company_id, account.id, message.at)
    .run();
  await settle(ctx, user, account.id, message, reach);
}

/** Reads all of an account, so that all of it is one stretch. */
async function readAll(account: BulkAccount, user_id: number): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, is_read)
    SELECT ?, id, company_id, account_id, sent_at, 1 FROM ems_messages WHERE account_id = ?`,
  )
    .bind(user_id, account.id)
    .run();
  const { results } = await env.DB.prepare(
    "SELECT id, sent_at AS at FROM ems_messages WHERE account_id = ? ORDER BY sent_at",
  )
    .bind(account.id)
    .all<Known>();
  for (let index = 0; index < results.length; index += 30)
    await settle(ctx, user_id, account.id, results[index]!);
}

const step = fc.oneof(
  fc.record({ kind: fc.constant("receive" as const), at: fc.integer({ min: 1, max: 12 }) }),
  fc.record({
    kind: fc.constantFrom("read" as const, "archived" as const),
    which: fc.nat(30),
    reach: fc.integer({ min: 1, max: 4 }),
  }),
);

describe("settling", () => {
  it("never hides a message: whatever is touched, and whatever comes late", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const user_id = unique();
        const account = await createBulkAccount(1);
        const known: Known[] = [];
        const receive = async (at: number) => {
          const message = { id: `m${unique()}`, thread_id: `t${account.id}`, date: at };
          const { id } = await applyMessage(ctx, account, { message, observedAt: 1, cause: `c${unique()}` });
          known.push({ id: id!, at });
        };
        for (let at = 1; at <= 12; at += 2) await receive(at);
        for (const each of steps) {
          if (each.kind === "receive") await receive(each.at);
          else {
            const message = known[each.which % known.length]!;
            await touch(user_id, account, message, each.kind, each.reach);
            if (message.touched !== "archived") message.touched = each.kind;
          }
        }
        const user = metered({ user_id, companies: [account.company_id] });
        const order = known.toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
        for (const [is_read, wanted] of [
          [undefined, order.filter(({ touched }) => touched !== "archived")],
          [false, order.filter(({ touched }) => touched === undefined)],
        ] as const) {
          const query = { page: 1, size: 100, is_read, account_id: account.id };
          const {
            list: { items, total },
          } = await listInbox(user.ctx, query);
          // The newest one is the account's first, from the bulk.
          expect(items.slice(1).map(({ message }) => message.id)).toEqual(wanted.map(({ id }) => id));
          expect(total).toBe(wanted.length + 1);
          for (const [nth, { at, id }] of order.entries()) {
            const { list: rest } = await listInbox(user.ctx, { ...query, cursor: { at, id } });
            const older = wanted.filter((each) => order.indexOf(each) > nth);
            expect(rest.items.map(({ message }) => message.id)).toEqual(older.map((each) => each.id));
          }
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe("rows read do not grow with the mailbox", () => {
  it.each([500, 20_000])("%i messages, all but ten of them read", async (count) => {
    const user_id = unique();
    const account = await createBulkAccount(count);
    const { results } = await env.DB.prepare(
      "SELECT id, sent_at AS at FROM ems_messages WHERE account_id = ? ORDER BY sent_at",
    )
      .bind(account.id)
      .all<Known>();
    const unread = new Set(
      Array.from({ length: 10 }, (_, n) => results[Math.floor(((n + 0.5) * count) / 10)]!.id),
    );
    await env.DB.prepare(
      `INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, is_read)
      SELECT ?, id, company_id, account_id, sent_at, 1 FROM ems_messages
      WHERE account_id = ? AND id NOT IN (SELECT value FROM json_each(?))`,
    )
      .bind(user_id, account.id, JSON.stringify([...unread]))
      .run();
    for (let index = 0; index < count; index += 30) await settle(ctx, user_id, account.id, results[index]!);

    const { ctx: user, meter } = metered({ user_id, companies: [account.company_id] });
    const measure = async (is_read?: boolean) => {
      Object.assign(meter, { read: 0, written: 0 });
      const {
        list: { items, total },
      } = await listInbox(user, { page: 1, size: 25, is_read });
      return { total, ids: items.map(({ message }) => message.id), read: meter.read };
    };
    const found = await measure(false);
    expect(new Set(found.ids)).toEqual(unread);
    expect(found.total).toBe(10);
    expect(found.read).toBeLessThan(150);
    expect((await measure()).read).toBeLessThan(150);
    expect((await measure(true)).read).toBeLessThan(150);
    Object.assign(meter, { read: 0 });
    await countUnread(user);
    expect(meter.read).toBeLessThanOrEqual(4);
  });

  it("a mail that comes late costs the same whoever has read around it, and each of them sees it", async () => {
    const account = await createBulkAccount(200);
    const readers = Array.from({ length: 20 }, () => unique());
    for (const user_id of readers) await readAll(account, user_id);
    const { ctx: worker, meter } = metered({ user_id: unique(), companies: [account.company_id] });
    const late = async (n: number) => {
      const message = { id: `late${unique()}`, thread_id: "t", date: 1_700_000_000 + n, body: "late" };
      const { id } = await applyMessage(worker, account, { message, observedAt: 1, cause: `c${unique()}` });
      return id;
    };
    const first = await late(50);
    Object.assign(meter, { written: 0 });
    const second = await late(150);
    expect(meter.written).toBeLessThanOrEqual(30);
    for (const user_id of readers) {
      const { ctx: reader, meter: read } = metered({ user_id, companies: [account.company_id] });
      const unread = async () => (await listInbox(reader, { page: 1, size: 25, is_read: false })).list;
      expect((await unread()).items.map(({ message }) => message.id)).toEqual([second, first]);
      Object.assign(read, { read: 0, written: 0 });
      expect((await unread()).total).toBe(2);
      expect(read.written).toBe(0);
      expect(read.read).toBeLessThan(50);
    }
  });

  it("hundreds of late mails are all seen, and nobody pays for them a row each", async () => {
    const account = await createBulkAccount(200);
    const user_id = unique();
    await readAll(account, user_id);
    for (let n = 0; n < 510; n++) {
      const message = { id: `late${unique()}`, thread_id: "t", date: 1_700_000_000 + (n % 200) };
      await applyMessage(ctx, account, { message, observedAt: 1, cause: `c${unique()}`, silent: true });
    }
    const { ctx: reader, meter } = metered({ user_id, companies: [account.company_id] });
    const { list } = await listInbox(reader, { page: 6, size: 100, is_read: false });
    expect(list).toMatchObject({ total: 510, next_cursor: null });
    expect(list.items).toHaveLength(10);
    expect(meter.written).toBeLessThan(10);
  });

  it.each([500, 20_000])("%i messages, none of them touched", async (count) => {
    const account = await createBulkAccount(count);
    const { ctx: user, meter } = metered({ user_id: unique(), companies: [account.company_id] });
    for (const is_read of [undefined, false]) {
      Object.assign(meter, { read: 0 });
      const { list } = await listInbox(user, { page: 1, size: 25, is_read });
      expect(list.items).toHaveLength(25);
      expect(meter.read).toBeLessThan(150);
    }
  });
});
