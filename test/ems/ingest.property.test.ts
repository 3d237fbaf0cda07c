import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import { consumeNotification } from "../../src/ems/intake/consumer.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { queued } from "../support/queued.ts";

const ctx = createContext(env, { waitUntil: () => {} });

/** Runs tasks as the queue does: several at a time, started in the given order. */
async function atATime(limit: number, tasks: (() => Promise<unknown>)[]): Promise<void> {
  const waiting = [...tasks];
  const lane = async () => {
    for (let task = waiting.shift(); task; task = waiting.shift()) await task();
  };
  await Promise.all(Array.from({ length: limit }, lane));
}

/** A state of a mail: its id, thread, second and content. */
const state = fc.record({
  mail: fc.integer({ min: 0, max: 3 }),
  version: fc.integer({ min: 0, max: 4 }),
  hasCc: fc.boolean(),
});

const states = fc.uniqueArray(state, {
  selector: ({ mail, version }) => `${mail}/${version}`,
  minLength: 1,
  maxLength: 10,
});

const deliveries = states.chain((list) =>
  fc.record({
    list: fc.constant(list),
    // Every state at least once, some twice, in random order.
    order: fc
      .array(fc.nat(list.length - 1), { maxLength: 6 })
      .chain((again) =>
        fc.shuffledSubarray([...list.keys(), ...again], { minLength: list.length + again.length }),
      ),
    concurrency: fc.integer({ min: 1, max: 4 }),
  }),
);

const notification = (
  grant: string,
  run: number,
  { mail, version, hasCc }: { mail: number; version: number; hasCc: boolean },
) => ({
  id: `${run}-${mail}-${version}`,
  type: version === 0 ? "message.created" : "message.updated",
  time: 1_700_000_000 + version,
  data: {
    object: {
      id: `mail-${run}-${mail}`,
      grant_id: grant,
      thread_id: `thread-${run}-${mail % 2}`,
      subject: `Subject ${mail} ${version}`,
      from: [{ email: "c@out.example" }],
      to: [{ email: "box@demo.example" }],
      cc: hasCc ? [{ email: "cc@out.example" }] : [],
      date: 1_700_000_000 + mail,
      body: `<p>Body ${mail} ${version}</p>`,
      attachments: [{ id: `file-${mail}`, filename: "a.txt", content_type: "text/plain", size: 1 }],
    },
  },
});

async function outcome(client: Client) {
  const { body: messages } = await client.call("GET", "/messages/?size=100");
  const { body: threads } = await client.call("GET", "/threads/?size=100");
  const { results: events } = await db
    .prepare(
      "SELECT type, count(*) AS n FROM ems_events WHERE company_id = ? AND type <> 'message.updated' GROUP BY type",
    )
    .bind(client.claims.companies[0])
    .all<{ type: string; n: number }>();
  return {
    totals: [messages.total, threads.total],
    messages: messages.items.map((item: Record<string, unknown>) => [
      item.subject,
      item.body_html,
      item.cc_addresses,
      (item.attachments as { filename: string }[]).map(({ filename }) => filename),
      threads.items.find(({ id }: { id: string }) => id === item.thread_id)?.subject,
    ]),
    threads: threads.items.map((item: Record<string, unknown>) => [
      item.subject,
      item.message_count,
      item.last_message_at,
    ]),
    events: Object.fromEntries(events.map(({ type, n }) => [type, n])),
  };
}

it("any order, repetition and concurrency ends in the state of one delivery in order", async () => {
  await fc.assert(
    fc.asyncProperty(deliveries, async ({ list, order, concurrency }) => {
      const run = unique();
      const inOrder = list.toSorted((a, b) => a.version - b.version || a.mail - b.mail);
      const [wanted, got] = await Promise.all(
        [inOrder, order.map((index) => list[index]!)].map(async (sequence, which) => {
          const client = await createClient();
          const { grant_id } = await connectMailbox(client);
          const tasks = sequence.map((each) => () => {
            const sent = {
              ...notification(grant_id, run, each),
              id: `${which}-${run}-${each.mail}-${each.version}`,
            };
            return consumeNotification(ctx, queued(sent, 0));
          });
          await atATime(which === 0 ? 1 : concurrency, tasks);
          return outcome(client);
        }),
      );
      expect(got).toEqual(wanted);
    }),
    { numRuns: 20 },
  );
});
