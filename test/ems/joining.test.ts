import { expect, it } from "vitest";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { createBulkAccount } from "../support/bulk.ts";
import { unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { metered } from "../support/meter.ts";

let last = 0;
/** Thread ids sort by age. Threads merge into the oldest, which is found first. */
const nextId = (): string => `01a00000-0000-7000-8000-${(++last).toString(16).padStart(12, "0")}`;

/**
 * A mailbox with threads of equal length. The first message of each has a Message-ID and waits for another
 * message.
 */
async function grow(sizes: number[]) {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const account = await createBulkAccount(total);
  const { results } = await db
    .prepare("SELECT id FROM ems_messages WHERE account_id = ? ORDER BY sent_at")
    .bind(account.id)
    .all<{ id: string }>();
  const rest = results.map(({ id }) => id);
  const threads = sizes.map((size) => ({ id: nextId(), messages: rest.splice(0, size) }));
  const json = JSON.stringify(threads);
  await db.batch([
    db
      .prepare(
        `INSERT INTO ems_threads (id, company_id, account_id, subject, first_message_at, last_message_at, created_at)
      SELECT value ->> 'id', ?2, ?3, 'Subject', 1900000000, 0, 0 FROM json_each(?1)`,
      )
      .bind(json, account.company_id, account.id),
    db
      .prepare(
        `WITH place AS MATERIALIZED (SELECT t.value ->> 'id' AS thread, m.value AS id, m.key AS nth, t.key AS of
        FROM json_each(?1) t, json_each(t.value, '$.messages') m)
      UPDATE ems_messages SET thread_id = place.thread, provider_thread_id = place.of,
        internet_message_id = iif(place.nth, NULL, '<first-' || place.of || '@x.example>')
      FROM place WHERE ems_messages.id = place.id`,
      )
      .bind(json),
    db
      .prepare(
        `INSERT INTO ems_pending_references (account_id, internet_message_id, message_id)
      SELECT ?2, '<gap@x.example>', value ->> '$.messages[0]' FROM json_each(?1)`,
      )
      .bind(json, account.id),
  ]);
  const { ctx, meter } = metered({ user_id: unique(), companies: [account.company_id] });
  const receive = async (n: string, references: string[], subject = "Re: Subject") => {
    const message = { id: n, thread_id: n, internet_message_id: `<${n}@x.example>`, references, subject };
    Object.assign(meter, { read: 0, written: 0 });
    await applyMessage(ctx, account, { message, observedAt: 1, cause: `${n} ${account.id}` });
    return { ...meter };
  };
  const shown = async () => {
    const { results } = await db
      .prepare(
        `SELECT t.message_count, t.last_message_at, t.first_message_at, t.version, count(*) AS n,
        max(m.sent_at) AS last, min(m.sent_at) AS first, min(m.thread_version) AS unseen
      FROM ems_messages m JOIN ems_threads t ON t.id = m.thread_id WHERE m.account_id = ? GROUP BY t.id ORDER BY n DESC`,
      )
      .bind(account.id)
      .all<Record<string, number>>();
    const counted = await db
      .prepare("SELECT thread_count, message_count FROM ems_accounts WHERE id = ?")
      .bind(account.id)
      .first();
    return { threads: results, counted };
  };
  return { receive, shown };
}

it.each([
  [2, 200],
  [2, 2000],
  [50, 8],
])("merging %i threads of %i messages reads at most 10 rows and writes 6 per message", async (many, size) => {
  const { receive, shown } = await grow(Array.from({ length: many }, () => size));
  const { threads: before } = await shown();
  const plain = await receive("alone", []);
  const { read, written } = await receive("gap", []);
  expect(written - plain.written).toBeLessThanOrEqual(6 * many * size);
  expect(read - plain.read).toBeLessThanOrEqual(10 * many * size);
  const { threads, counted } = await shown();
  expect(counted).toMatchObject({ thread_count: 2, message_count: many * size + 2 });
  const [joined] = threads;
  expect(joined).toMatchObject({ n: many * size + 1, message_count: many * size + 1 });
  expect(joined).toMatchObject({ first_message_at: joined!.first, last_message_at: joined!.last });
  expect(joined!.unseen).toBe(joined!.version);
  expect(joined!.version).toBeGreaterThan(Math.max(...before.map(({ version }) => version!)));
});

it("a mail that refers to 20 long threads moves none, and writes no more than any reply", async () => {
  const { receive, shown } = await grow(Array.from({ length: 20 }, () => 50));
  const ids = Array.from({ length: 20 }, (_, n) => `<first-${n}@x.example>`);
  const reply = await receive("reply", ids.slice(0, 1));
  const { read, written } = await receive("bold", ids);
  expect(written).toBe(reply.written);
  // The extra reads are its references.
  expect(read).toBeLessThanOrEqual(reply.read + 20);
  const { threads } = await shown();
  expect(threads.map(({ n }) => n)).toEqual([51, 51, ...Array.from({ length: 18 }, () => 50)]);
});
