import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { type BulkAccount, createBulkAccount } from "../support/bulk.ts";
import { unique } from "../support/client.ts";
import { db } from "../support/db.ts";

const ctx = createContext(env, { waitUntil: () => {} });

interface Mail {
  n: number;
  /** The provider's thread. */
  group: number;
  /** The mails it replies to, nearest last. Some never arrive. */
  references: number[];
}

const habit = fc.constantFrom("all that its parent names, and the parent", "the parent", "none");

/** Conversations as mail programs write them: a mail refers only to mails that those in between know. */
const mails = fc
  .array(fc.record({ group: fc.nat(7), parent: fc.nat(9), habit, comes: fc.boolean() }), {
    minLength: 2,
    maxLength: 9,
  })
  .map((list) => {
    const all: (Mail & { comes: boolean })[] = [];
    for (const [n, { group, parent, habit, comes }] of list.entries()) {
      const answered = habit === "none" ? undefined : all[parent];
      const known = answered && habit !== "the parent" ? answered.references : [];
      all.push({ n, group, references: answered ? [...known, answered.n] : [], comes });
    }
    return all.filter(({ comes }) => comes);
  })
  .filter((list) => list.length > 1);

/** The plain model: threads are connected by provider groups, or by each mail's nearest stored reference. */
function partition(list: Mail[]): number[] {
  const thread = list.map((_, index) => index);
  const join = (a: number, b: number) => {
    const [from, to] = [thread[a]!, thread[b]!];
    for (const index of thread.keys()) if (thread[index] === from) thread[index] = to;
  };
  for (const [index, mail] of list.entries()) {
    const nearest = mail.references.findLast((n) => list.some((other) => other.n === n));
    for (const [other, { n, group }] of list.entries()) {
      if (group === mail.group || n === nearest) join(index, other);
    }
  }
  return thread;
}

/** Labels the parts of a partition by their first member, to compare two partitions. */
const normal = <T>(parts: T[]): number[] => parts.map((part) => parts.indexOf(part));

async function deliver(
  account: BulkAccount,
  run: number,
  { n, group, references }: Mail,
  subject = `Subject ${n}`,
): Promise<void> {
  const message = {
    id: `m-${run}-${n}`,
    thread_id: `g-${run}-${group}`,
    internet_message_id: `<${run}-${n}@out.example>`,
    references: references.map((other) => `<${run}-${other}@out.example>`),
    subject,
    date: 1_700_000_000 + n,
  };
  await applyMessage(ctx, account, { message, observedAt: 1, cause: `c-${run}-${n}` });
}

it("threads are the connected mails, in any order of arrival and with any other mail", async () => {
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

      const { results } = await db
        .prepare(
          `SELECT m.thread_id, t.message_count, t.last_message_at, t.subject FROM ems_messages m
        JOIN ems_threads t ON t.id = m.thread_id WHERE m.provider_message_id LIKE ? ORDER BY m.sent_at`,
        )
        .bind(`m-${run}-%`)
        .all<{ thread_id: string; message_count: number; last_message_at: number }>();
      const wanted = partition(list);
      expect(normal(results.map(({ thread_id }) => thread_id))).toEqual(normal(wanted));
      for (const [n, row] of results.entries()) {
        const members = list.filter((_, index) => wanted[index] === wanted[n]);
        expect(row.message_count).toBe(members.length);
        expect(row.last_message_at).toBe(1_700_000_000 + Math.max(...members.map((mail) => mail.n)));
      }
      const count = await db
        .prepare("SELECT thread_count, message_count FROM ems_accounts WHERE id = ?")
        .bind(account.id)
        .first();
      expect(count).toEqual({ thread_count: new Set(wanted).size + 1, message_count: list.length + 1 });
    }),
    { numRuns: 60 },
  );
});

const threadsOf = async (account: BulkAccount): Promise<Map<string, string>> => {
  const { results } = await db
    .prepare("SELECT provider_message_id AS id, thread_id FROM ems_messages WHERE account_id = ?")
    .bind(account.id)
    .all<{ id: string; thread_id: string }>();
  return new Map(results.map(({ id, thread_id }) => [id, thread_id]));
};

it("a mail that no other waits for joins no threads, with any references", async () => {
  const reference = fc.oneof(fc.nat(9), fc.integer({ min: 100, max: 102 }));
  const sequence = fc.array(fc.record({ references: fc.uniqueArray(reference), subject: fc.nat(1) }), {
    minLength: 2,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(sequence, async (list) => {
      const account = await createBulkAccount(1);
      const run = unique();
      for (const [n, { references, subject }] of list.entries()) {
        const before = await threadsOf(account);
        // No mail can refer to later ones. Mails that never arrive can be referred to by all.
        const known = references.filter((other) => other < n || other >= 100);
        await deliver(account, run, { n, group: n, references: known }, `Re: ${subject}`);
        const after = await threadsOf(account);
        for (const [id, thread] of before) expect(after.get(id)).toBe(thread);
      }
    }),
    { numRuns: 25 },
  );
});

it("mails that miss the same mail form one thread per subject, in any order", async () => {
  const subjects = fc.array(fc.constantFrom("Deal", "Re: deal", "AW: Deal", "Order", "Re: Order"), {
    minLength: 2,
    maxLength: 7,
  });
  await fc.assert(
    fc.asyncProperty(subjects, fc.boolean(), async (list, atOnce) => {
      const account = await createBulkAccount(1);
      const run = unique();
      const deliveries = list.map(
        (subject, n) => () => deliver(account, run, { n, group: n, references: [100] }, subject),
      );
      if (atOnce) await Promise.all(deliveries.map((start) => start()));
      else for (const start of deliveries) await start();
      const threads = await threadsOf(account);
      const got = list.map((_, n) => threads.get(`m-${run}-${n}`));
      const wanted = list.map((subject) => subject.toLowerCase().split(" ").at(-1));
      expect(normal(got)).toEqual(normal(wanted));
    }),
    { numRuns: 20 },
  );
});
