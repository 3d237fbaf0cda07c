import { describe, expect, it } from "vitest";
import { densify } from "../../src/ems/inbox/densify.ts";
import { countUnread, listInbox } from "../../src/ems/inbox/list.ts";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { type BulkAccount, createBulkAccount } from "../support/bulk.ts";
import { unique } from "../support/client.ts";
import { contextOf } from "../support/context.ts";
import { db } from "../support/db.ts";
import { metered } from "../support/meter.ts";

interface Known {
  id: string;
  at: number;
}

/** Oldest first. */
async function messagesOf(account: BulkAccount): Promise<Known[]> {
  const { results } = await db
    .prepare("SELECT id, sent_at AS at FROM ems_messages WHERE account_id = ? ORDER BY sent_at")
    .bind(account.id)
    .all<Known>();
  return results;
}

/** Reads an account, except for some of its messages. */
async function read(account: BulkAccount, user_id: number, unread: string[] = []): Promise<void> {
  await db
    .prepare(
      `INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, is_read)
    SELECT ?, id, company_id, account_id, sent_at, 1 FROM ems_messages
    WHERE account_id = ? AND id NOT IN (SELECT value FROM json_each(?))`,
    )
    .bind(user_id, account.id, JSON.stringify(unread))
    .run();
}

/** Reads all messages of an account, which makes it one dense range. */
async function readAll(account: BulkAccount, user_id: number): Promise<void> {
  await read(account, user_id);
  const messages = await messagesOf(account);
  for (let index = 0; index < messages.length; index += 30)
    await densify(contextOf([account.company_id]), user_id, account.id, messages[index]!);
}

/** Makes an account one dense range with some unread messages: by SQL, for large mailboxes. */
async function makeDense(account: BulkAccount, user_id: number, unread: string[]): Promise<void> {
  await read(account, user_id, unread);
  await db.batch([
    db
      .prepare(
        `INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, folder)
      SELECT ?, id, company_id, account_id, sent_at, folder FROM ems_messages
      WHERE account_id = ? AND id IN (SELECT value FROM json_each(?))`,
      )
      .bind(user_id, account.id, JSON.stringify(unread)),
    db
      .prepare(
        `INSERT INTO ems_inbox_stretches (user_id, account_id, newest_at, newest_id, oldest_at, oldest_id)
      SELECT ?1, ?2, n.sent_at, n.id, o.sent_at, o.id FROM
        (SELECT sent_at, id FROM ems_messages WHERE account_id = ?2 ORDER BY sent_at DESC LIMIT 1) n,
        (SELECT sent_at, id FROM ems_messages WHERE account_id = ?2 ORDER BY sent_at LIMIT 1) o`,
      )
      .bind(user_id, account.id),
  ]);
}

describe("rows read do not grow with the mailbox", () => {
  /** Ten of an account's messages, evenly spread. */
  const tenOf = (messages: Known[]): string[] =>
    Array.from({ length: 10 }, (_, n) => messages[Math.floor(((n + 0.5) * messages.length) / 10)]!.id);

  it("the SQL fixture equals what the product writes for an account with all but ten messages read", async () => {
    const account = await createBulkAccount(500);
    const messages = await messagesOf(account);
    const unread = tenOf(messages);
    const [byProduct, bySql] = [unique(), unique()];
    await read(account, byProduct, unread);
    for (let index = 0; index < messages.length; index += 30)
      await densify(contextOf([account.company_id]), byProduct, account.id, messages[index]!);
    await makeDense(account, bySql, unread);
    const rowsOf = async (user_id: number) => {
      const tables = ["entries", "stretches", "counters"];
      const rows = tables.map((name) =>
        db
          .prepare(`SELECT *, 0 AS user_id FROM ems_inbox_${name} WHERE user_id = ? ORDER BY 1, 2, 3`)
          .bind(user_id),
      );
      return (await db.batch(rows)).map(({ results }) => results);
    };
    expect(await rowsOf(bySql)).toEqual(await rowsOf(byProduct));
    expect((await rowsOf(bySql)).map(({ length }) => length).slice(0, 2)).toEqual([500, 1]);
  });

  it.each([500, 20_000])("%i messages, all but ten of them read", async (count) => {
    const user_id = unique();
    const account = await createBulkAccount(count);
    const unread = new Set(tenOf(await messagesOf(account)));
    await makeDense(account, user_id, [...unread]);

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

  it("a late mail costs the same for any number of readers around it, and each of them sees it", async () => {
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

  it("hundreds of late mails all appear, without a row for each", async () => {
    const account = await createBulkAccount(200);
    const user_id = unique();
    await readAll(account, user_id);
    for (let n = 0; n < 510; n++) {
      const message = { id: `late${unique()}`, thread_id: "t", date: 1_700_000_000 + (n % 200) };
      await applyMessage(contextOf([account.company_id]), account, {
        message,
        observedAt: 1,
        cause: `c${unique()}`,
        silent: true,
      });
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
