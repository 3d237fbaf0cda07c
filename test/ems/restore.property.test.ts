import fc from "fast-check";
import { expect, it } from "vitest";
import { restoredSql } from "../../ops/restored.ts";
import { pullEvents } from "../../src/ems/events/pull.ts";
import { unique } from "../support/client.ts";
import { userContextOf } from "../support/context.ts";
import { dbOf } from "../support/db.ts";
import { takeSnapshot } from "../support/snapshot.ts";

// The server's state is the list of all that its log tells of. Each client keeps a copy: it adds what an event tells of,
// and reads the whole list again after a resync. Whenever a client has read to the end, its copy must be that list.

const CLIENTS = 3;

type Step = ["grow", number] | ["read", number] | ["keep"] | ["restore", number];

const step = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.tuple(fc.constant("grow" as const), fc.integer({ min: 1, max: 4 })),
  fc.tuple(fc.constant("read" as const), fc.nat(CLIENTS - 1)),
  fc.tuple(fc.constant("keep" as const)),
  fc.tuple(fc.constant("restore" as const), fc.nat(9)),
);

it("whenever the database is restored, to whatever time, every client that reads on has what the server has", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
      const company = 1_000_000 + unique();
      const db = dbOf(company);
      const ctx = userContextOf({ user_id: 1, companies: [company] });
      const list = async () =>
        (
          await db
            .prepare("SELECT message_id FROM ems_events WHERE company_id = ? ORDER BY id")
            .bind(company)
            .all()
        ).results.map((row) => row.message_id as string);
      const clients = Array.from({ length: CLIENTS }, () => ({
        position: undefined as string | undefined,
        has: [] as string[],
      }));
      const snapshots = [await takeSnapshot(company)];
      let told = 0;

      const read = async (nth: number) => {
        const client = clients[nth]!;
        for (let more = true; more; ) {
          const { head, items } = await pullEvents(ctx, { since: client.position, limit: 2 });
          let mustRead = client.position === undefined;
          for await (const { type, message_id } of items) {
            if (type === "resync") mustRead = true;
            else client.has.push(message_id as string);
          }
          client.position = head.position;
          if (mustRead) client.has = await list();
          more = head.has_more;
        }
        expect(client.has).toEqual(await list());
      };

      for (const [name, n = 0] of steps) {
        if (name === "grow") {
          for (let i = 0; i < n; i++) {
            await db
              .prepare(
                "INSERT INTO ems_events (company_id, type, message_id, created_at) VALUES (?, 'message.created', ?, unixepoch())",
              )
              .bind(company, `${company}/${told++}`)
              .run();
          }
        } else if (name === "read") await read(n);
        else if (name === "keep") snapshots.push(await takeSnapshot(company));
        else {
          // What came after the restored time is no longer there to go back to.
          await snapshots[n % snapshots.length]!();
          snapshots.length = (n % snapshots.length) + 1;
          await db.batch(restoredSql(0).map((sql) => db.prepare(sql)));
        }
      }
      for (let nth = 0; nth < CLIENTS; nth++) await read(nth);
    }),
    { numRuns: 30 },
  );
});
