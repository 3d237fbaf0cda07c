import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { densify } from "../../src/ems/inbox/densify.ts";
import { listInbox } from "../../src/ems/inbox/list.ts";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { type BulkAccount, createBulkAccount } from "../support/bulk.ts";
import { unique } from "../support/client.ts";
import { contextOf } from "../support/context.ts";
import { dbOf } from "../support/db.ts";
import { metered } from "../support/meter.ts";

interface Known {
  id: string;
  at: number;
  touched?: "read" | "archived";
}

/** Like the routes, but with a small reach, so that short lists have several ranges. */
async function touch(
  user: number,
  account: BulkAccount,
  message: Known,
  as: "read" | "archived",
  reach: number,
) {
  const column = as === "read" ? "is_read" : "is_archived";
  await dbOf(account.company_id)
    .prepare(
      `INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, ${column})
    VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT (user_id, message_id) DO UPDATE SET ${column} = 1`,
    )
    .bind(user, message.id, account.company_id, account.id, message.at)
    .run();
  await densify(contextOf([account.company_id]), user, account.id, message, reach);
}

const step = fc.oneof(
  fc.record({ kind: fc.constant("receive" as const), at: fc.integer({ min: 1, max: 12 }) }),
  fc.record({
    kind: fc.constantFrom("read" as const, "archived" as const),
    which: fc.nat(30),
    reach: fc.integer({ min: 1, max: 4 }),
  }),
);

describe("dense ranges", () => {
  it("never hide a message, for any touches and late arrivals", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const user_id = unique();
        const account = await createBulkAccount(1);
        const ctx = contextOf([account.company_id]);
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
          // The newest message is from the fixture.
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
