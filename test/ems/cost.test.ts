import { expect, it } from "vitest";
import { changeEntry, type EntryChanges } from "../../src/ems/inbox/service.ts";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { consumeNotification } from "../../src/ems/intake/consumer.ts";
import { listMessages } from "../../src/ems/messages/service.ts";
import { listThreads } from "../../src/ems/threads/service.ts";
import { entryIdOf } from "../../src/lib/ids.ts";
import { createBulkAccount, setGrant } from "../support/bulk.ts";
import { unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { metered } from "../support/meter.ts";
import { queued } from "../support/queued.ts";

const mail = (n: number) => ({
  id: `mail-${n}`,
  thread_id: "known thread",
  internet_message_id: `<${n}@out.example>`,
  subject: "Subject",
  from: { email: "c@out.example", name: null },
  to: [{ email: "box@demo.example", name: null }],
  date: 1_800_000_000 + n,
  body: "<p>Hello</p>",
  attachments: [],
});

it("a mail in a known thread writes at most 30 rows, and reads the same few in any mailbox", async () => {
  const reads = [];
  for (const count of [500, 10_000]) {
    const account = await createBulkAccount(count);
    const { ctx, meter } = metered({ user_id: unique(), companies: [account.company_id] });
    await applyMessage(ctx, account, { message: mail(1), observedAt: 1, cause: "first" });
    Object.assign(meter, { read: 0, written: 0 });
    const { outcome } = await applyMessage(ctx, account, {
      message: mail(2),
      observedAt: 2,
      cause: "second",
    });
    expect(outcome).toBe("created");
    expect(meter.written).toBeLessThanOrEqual(30);
    reads.push(meter.read);
  }
  expect(reads[0]).toBe(reads[1]);
});

it("its notification writes at most 30 rows, ledger included; a repetition at most 3, even under a new id", async () => {
  const account = await createBulkAccount(500);
  const grant_id = `grant-${account.id}`;
  await setGrant(account, grant_id);
  const { ctx, meter } = metered({ user_id: unique(), companies: [account.company_id] });
  const deliver = async (id: string, n: number) => {
    const { internet_message_id, from, to, ...rest } = mail(n);
    const headers = [{ name: "Message-ID", value: internet_message_id }];
    const people = { from: [{ email: from.email }], to: [{ email: account.email_address }], cc: [], bcc: [] };
    const object = { ...rest, ...people, headers, grant_id };
    const notification = { id, type: "message.created", time: 1_800_000_000 + n, data: { object } };
    Object.assign(meter, { read: 0, written: 0 });
    await consumeNotification(ctx, queued(notification, 1_800_000_000));
    return meter.written;
  };
  await deliver(`a-${account.id}`, 1);
  expect(await deliver(`b-${account.id}`, 2)).toBeLessThanOrEqual(30);
  expect(await deliver(`b-${account.id}`, 2)).toBeLessThanOrEqual(3);
  expect(await deliver(`c-${account.id}`, 2)).toBeLessThanOrEqual(3);
});

it("a notification with nothing to apply writes at most 3 rows, all of them in the ledger", async () => {
  const account = await createBulkAccount(1);
  const grant_id = `grant-${account.id}`;
  await setGrant(account, grant_id);
  const { ctx, meter } = metered({ user_id: unique(), companies: [account.company_id] });
  for (const type of ["calendar.created", "thread.replied"]) {
    Object.assign(meter, { written: 0 });
    const notification = { id: `${type}-${account.id}`, type, data: { object: { id: "x", grant_id } } };
    await consumeNotification(ctx, queued(notification, 1_800_000_000));
    expect(meter.written).toBeLessThanOrEqual(3);
  }
});

it("a repetition writes nothing", async () => {
  const account = await createBulkAccount(1);
  const { ctx, meter } = metered({ user_id: unique(), companies: [account.company_id] });
  await applyMessage(ctx, account, { message: mail(1), observedAt: 1, cause: "first" });
  Object.assign(meter, { written: 0 });
  for (const cause of ["first", "again"]) {
    const { outcome } = await applyMessage(ctx, account, { message: mail(1), observedAt: 1, cause });
    expect(outcome).toBe("unchanged");
  }
  expect(meter.written).toBe(0);
});

it("a page of messages or threads reads the same few rows in any mailbox, and for each of 40 companies", async () => {
  const small = await createBulkAccount(500);
  const large = await createBulkAccount(10_000);
  const measure = async (companies: number[]) => {
    const { ctx, meter } = metered({ user_id: unique(), companies });
    const { items } = await listMessages(ctx, { page: 1, size: 25 });
    for await (const _ of items);
    const messages = meter.read;
    await listThreads(ctx, { page: 1, size: 25 });

    return { messages, threads: meter.read - messages };
  };
  for (const { company_id } of [small, large]) {
    const one = await measure([company_id]);
    expect(Math.max(one.messages, one.threads)).toBeLessThanOrEqual(150);
  }
  const others = Array.from({ length: 38 }, () => unique());
  const forty = await measure([small.company_id, large.company_id, ...others]);
  expect(Math.max(forty.messages, forty.threads)).toBeLessThanOrEqual(40 * 150);
});

it("a change of one mail writes the same few rows in any mailbox", async () => {
  for (const count of [500, 10_000]) {
    const account = await createBulkAccount(count);
    const user_id = unique();
    const { ctx, meter } = metered({ user_id, companies: [account.company_id] });
    const { results } = await db
      .prepare("SELECT id FROM ems_messages WHERE account_id = ? ORDER BY sent_at LIMIT 1 OFFSET ?")
      .bind(account.id, count / 2)
      .all<{ id: string }>();
    const change = async (changes: EntryChanges) => {
      Object.assign(meter, { written: 0 });
      await changeEntry(ctx, entryIdOf(user_id, results[0]!.id), changes);
      return meter.written;
    };
    expect({
      first: await change({ is_read: true }),
      unread: await change({ is_read: false }),
      read: await change({ is_read: true }),
      star: await change({ is_starred: true }),
      unstar: await change({ is_starred: false }),
      archive: await change({ is_archived: true }),
      unarchive: await change({ is_archived: false }),
    }).toEqual({ first: 5, unread: 5, read: 5, star: 5, unstar: 4, archive: 5, unarchive: 5 });
  }
});
