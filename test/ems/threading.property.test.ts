import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import { applyMessage } from "../../src/ems/messages/ingest.ts";
import { type BulkAccount, createBulkAccount } from "../support/bulk.ts";
import { unique } from "../support/client.ts";

const ctx = createContext(env, { waitUntil: () => {} });

interface Mail {
  n: number;
  /** The provider's thread. */
  group: number;
  /** Which mails it answers; some of them never come. */
  references: number[];
}

const mails = fc
  .array(fc.record({ group: fc.nat(5), references: fc.uniqueArray(fc.nat(9), { maxLength: 3 }) }), {
    minLength: 2,
    maxLength: 7,
  })
  .map((list): Mail[] => list.map((mail, n) => ({ n, ...mail })));

/** The plain model: what is connected by a group or a reference to a mail that is there is one thread. */
function partition(list: Mail[]): number[] {
  const thread = list.map(({ n }) => n);
  const join = (a: number, b: number) => {
    const [from, to] = [thread[a]!, thread[b]!];
    for (const n of thread.keys()) if (thread[n] === from) thread[n] = to;
  };
  for (const a of list) {
    for (const b of list) {
      if (a.group === b.group || a.references.includes(b.n)) join(a.n, b.n);
    }
  }
  return thread;
}

/** Names the parts of a partition by their first member, so that two can be compared. */
const normal = <T>(parts: T[]): number[] => parts.map((part) => parts.indexOf(part));

async function deliver(account: BulkAccount, run: number, { n, group, references }: Mail): Promise<void> {
  const message = {
    id: `m-${run}-${n}`,
    thread_id: `g-${run}-${group}`,
    internet_message_id: `<${run}-${n}@out.example>`,
    references: references.filter((other) => other !== n).map((other) => `<${run}-${other}@out.example>`),
    subject: "Always the same subject",
    date: 1_700_000_000 + n,
  };
  await applyMessage(ctx, account, { message, observedAt: 1, cause: `c-${run}-${n}` });
}

it("threads are what is connected, in whatever order and company it came", async () => {
  const scenario = mails.chain((list) =>
    fc.record({
      list: fc.constant(list),
      order: fc.shuffledSubarray(list, { minLength: list.length }),
      atOnce: fc.boolean(),
    }),
  );
  await fc.assert(
    fc.asyncProperty(scenario, async ({ list, order, atOnce }) => {
      const account = await createBulkAccount(1);
      const run = unique();
      if (atOnce) await Promise.all(order.map((mail) => deliver(account, run, mail)));
      else for (const mail of order) await deliver(account, run, mail);

      const { results } = await env.DB.prepare(
        `SELECT m.thread_id, t.message_count, t.last_message_at, t.subject FROM ems_messages m
        JOIN ems_threads t ON t.id = m.thread_id WHERE m.provider_message_id LIKE ? ORDER BY m.sent_at`,
      )
        .bind(`m-${run}-%`)
        .all<{ thread_id: string; message_count: number; last_message_at: number }>();
      const wanted = partition(list);
      expect(normal(results.map(({ thread_id }) => thread_id))).toEqual(normal(wanted));
      for (const [n, row] of results.entries()) {
        const members = list.filter((mail) => wanted[mail.n] === wanted[n]);
        expect(row.message_count).toBe(members.length);
        expect(row.last_message_at).toBe(1_700_000_000 + Math.max(...members.map((mail) => mail.n)));
      }
      const count = await env.DB.prepare("SELECT thread_count, message_count FROM ems_accounts WHERE id = ?")
        .bind(account.id)
        .first();
      expect(count).toEqual({ thread_count: new Set(wanted).size + 1, message_count: list.length + 1 });
    }),
    { numRuns: 60 },
  );
});
