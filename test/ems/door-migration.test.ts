import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import { consumeNotification } from "../../src/ems/intake/consumer.ts";
import { connectMailbox, createClient, unique } from "../support/client.ts";
import { queued } from "../support/queued.ts";

/** The migration's changes to rows, without the columns it adds. */
async function mend(): Promise<void> {
  const { queries } = env.TEST_MIGRATIONS.find(({ name }) => name.startsWith("0011"))!;
  const statements = queries.filter((query) => !/^\s*(--.*\n\s*)*ALTER/.test(query));
  expect(statements.length).toBeGreaterThan(20);
  await env.DB.batch(statements.map((query) => env.DB.prepare(query)));
}

const ctx = createContext(env, { waitUntil: () => {} });

// Objects began with all migrations, so they have no such rows.
const inD1 = it.skipIf(env.STORE === "objects");

inD1("repairs stored rows so that lists and replies work again, and is idempotent", async () => {
  const client = await createClient();
  const box = await connectMailbox(client);
  const take = (n: number, date: number) =>
    consumeNotification(
      ctx,
      queued(
        {
          ...{ id: `n${unique()}`, type: "message.created", time: date },
          data: {
            object: {
              ...{
                id: `m${n}`,
                grant_id: box.grant_id,
                thread_id: `t${n}`,
                subject: `Mail ${n}`,
                date,
                body: "x",
              },
              ...{
                from: [{ email: "k@example.org" }],
                to: [],
                cc: [],
                bcc: [],
                attachments: [{ id: `f${n}` }],
              },
              headers: [{ name: "Message-ID", value: `<${n}.${box.id}@example.org>` }],
            },
          },
        },
        date,
      ),
    );
  for (const n of [1, 2, 3]) await take(n, Math.floor(Date.now() / 1000) - 60 + n);
  const spoil = (n: number, changes: string, ...values: unknown[]) =>
    env.DB.prepare(`UPDATE ems_messages SET ${changes} WHERE account_id = ? AND provider_message_id = ?`)
      .bind(...values, box.id, `m${n}`)
      .run();
  const to = JSON.stringify([{ name: "A\r\nB", email: "a@b.c" }, { email: "undisclosed-recipients:;" }]);
  await spoil(1, "sent_at = 1e15, observed_at = 1000000000000000000");
  await spoil(
    2,
    "sent_at = -10000000000000, subject = ?, from_name = ?, to_addresses = ?",
    "S\r\nBcc: v",
    "N\u202eM",
    to,
  );
  await spoil(3, "opened_count = 1e300, internet_message_id = ?", `<Ab@Host.${box.id}>`);
  const bound = [box.id];
  await env.DB.batch([
    env.DB.prepare(
      "UPDATE ems_threads SET first_message_at = 1e15, last_message_at = 1e15 WHERE account_id = ?",
    ).bind(...bound),
    env.DB.prepare(
      "UPDATE ems_attachments SET size_bytes = 1e300, filename = '../a/b' || char(10) || '.txt' WHERE account_id = ?",
    ).bind(...bound),
    env.DB.prepare("UPDATE ems_deliveries SET occurred_at = 1e15 WHERE account_id = ?").bind(...bound),
    env.DB.prepare("UPDATE ems_syncs SET oldest_at = 1e15 WHERE account_id = ?").bind(...bound),
  ]);

  await mend();
  const read = () =>
    Promise.all(
      ["/messages/", "/threads/", "/inbox/", "/webhooks/deliveries/", `/accounts/${box.id}/sync`].map(
        async (path) => (await client.call("GET", path)).body,
      ),
    );
  const once = await read();
  const items: Record<string, unknown>[] = once[0].items;
  expect(items).toHaveLength(3);
  for (const { sent_at } of items) {
    expect(Date.parse(sent_at as string)).toBeGreaterThan(0);
    expect(Date.parse(sent_at as string)).toBeLessThan(Date.now() + 86_400_000);
  }
  const second = items.find(({ internet_message_id }) => `${internet_message_id}`.startsWith("<2."));
  expect(second).toMatchObject({
    subject: "S  Bcc: v",
    from_name: "NM",
    to_addresses: [{ name: "A  B", email: "a@b.c" }],
  });
  const third = items.find(({ internet_message_id }) => internet_message_id === `<Ab@Host.${box.id}>`);
  expect(third).toMatchObject({
    delivery: { opened_count: 1 },
    attachments: [{ filename: "b.txt", size_bytes: 0 }],
  });
  await mend();
  expect(await read()).toEqual(once);
});
