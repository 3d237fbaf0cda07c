import { exports } from "cloudflare:workers";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { type Client, createClient, unique } from "../support/client.ts";
import { dbOf } from "../support/db.ts";
import { hubOf } from "../support/hub.ts";

interface Appended {
  company: number;
  /** Whose event it is; null for everyone in the company. */
  user: number | null;
  message_id: string;
}

/** What a client has after part of a stream: the events it was given, and the position it would resume from. */
interface Known {
  message_ids: string[];
  at: string;
}

const append = ({ company, user, message_id }: Appended) =>
  dbOf(company)
    .prepare(
      `INSERT INTO ems_events (company_id, user_id, type, message_id, cause, created_at)
    VALUES (?, ?, 'message.updated', ?, ?, unixepoch())`,
    )
    .bind(company, user, message_id, message_id);

/** Reads a new stream from a position until it has so many events after `connected`. */
async function readStream(client: Client, at: string, count: number, onConnected = async () => {}) {
  const url = `https://xabar.test/sse/events?token=${client.token}&last_event_id=${at}`;
  const { body } = await exports.default.fetch(new Request(url));
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const readTo = async (events: number) => {
    while (text.split("\n\n").length <= events) text += (await reader.read()).value ?? "";
  };
  await readTo(1);
  await onConnected();
  await readTo(1 + count);
  await reader.cancel();
  return text;
}

/**
 * Reads the start of a stream as the standard says: an event and its id count at its blank line.
 * @param isEager true for a client that takes an id when it has read its line
 */
function readAs(isEager: boolean, text: string): Known {
  const known: Known = { message_ids: [], at: "" };
  let [id, data] = ["", ""];
  for (const line of text.split("\n").slice(0, -1)) {
    if (line.startsWith("id: ")) id = line.slice(4);
    if (line.startsWith("data: ")) data = line.slice(6);
    if (isEager || line === "") known.at = id || known.at;
    if (line === "") known.message_ids.push(JSON.parse(data).message_id);
  }
  return known;
}

it("a connection that breaks at any byte of a packet loses no event and repeats none", async () => {
  const step = fc.record({ company: fc.nat(2), audience: fc.constantFrom("all", "all", "own", "colleague") });
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: 3 }),
    fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 }),
    async (size, bursts) => {
      const companies = Array.from({ length: size }, unique);
      const client = await createClient({ companies });
      const users = { all: null, own: client.claims.user_id, colleague: unique() };
      const appended: Appended[][] = bursts.map((steps) =>
        steps.map(({ company, audience }) => ({
          company: companies[company % size]!,
          user: users[audience],
          message_id: crypto.randomUUID(),
        })),
      );
      const mine = appended.flat().filter(({ user }) => user !== users.colleague);
      const { body: start } = await client.call("GET", "/events");
      const text = await readStream(client, start.position, mine.length, async () => {
        for (const burst of appended) {
          for (const [company, some] of Map.groupBy(burst, (one) => one.company)) {
            await dbOf(company).batch(some.map(append));
          }
          await Promise.all(companies.map((company) => hubOf(company).notify()));
        }
      });

      /** Each company's events in order: events of different companies may change places. */
      const byCompany = (ids: (string | null)[]) =>
        companies.map((company) =>
          ids.filter((id) => mine.some((one) => one.company === company && one.message_id === id)),
        );
      const whole = byCompany(mine.map(({ message_id }) => message_id));
      const greeting = text.indexOf("\n\n") + 2;
      const cuts = new Map<string, Known>();
      for (let end = greeting; end <= text.length; end++) {
        const part = text.slice(0, end);
        // Between the id and the blank line after it, a client that takes ids early has the id without its event.
        const isBetween = /\nid: [^\n]*\n$/.test(part);
        for (const isEager of isBetween ? [false] : [false, true]) {
          const known = readAs(isEager, part);
          cuts.set(JSON.stringify(known), known);
        }
      }
      expect(cuts.size).toBe(1 + mine.length);
      for (const { message_ids, at } of cuts.values()) {
        const { body } = await client.call("GET", `/events?since=${at}&limit=1000`);
        const rest = body.items.map((item: Appended) => item.message_id);
        expect(byCompany([...message_ids, ...rest])).toEqual(whole);
        const resumed = readAs(false, await readStream(client, at, rest.length));
        expect(resumed.message_ids.slice(1)).toEqual(rest);
      }
    },
  );
  await fc.assert(property, { numRuns: 25 });
});
