import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import { applyMessage } from "../../src/ems/messages/ingest.ts";
import { entryIdOf } from "../../src/lib/ids.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";

const ctx = createContext(env, { waitUntil: () => {} });

interface Entry {
  id: string;
  at: number;
  is_read: boolean;
  is_starred: boolean;
  is_archived: boolean;
}

const APPLY = {
  read: (entry: Entry) => {
    entry.is_read = true;
  },
  unread: (entry: Entry) => {
    entry.is_read = false;
  },
  star: (entry: Entry) => {
    entry.is_starred = !entry.is_starred;
  },
  unstar: (entry: Entry) => {
    entry.is_starred = false;
  },
  archive: (entry: Entry) => {
    entry.is_archived = true;
  },
  unarchive: (entry: Entry) => {
    entry.is_archived = false;
  },
};

const step = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("receive" as const), at: fc.integer({ min: 1, max: 9 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      change: fc.constantFrom(...(Object.keys(APPLY) as (keyof typeof APPLY)[])),
      which: fc.nat(20),
    }),
  },
);

async function expectInbox(client: Client, accountId: string, entries: Entry[]): Promise<void> {
  const visible = entries
    .filter(({ is_archived }) => !is_archived)
    .toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
  for (const [query, wanted] of [
    ["", visible],
    ["&is_read=true", visible.filter(({ is_read }) => is_read)],
    ["&is_read=false", visible.filter(({ is_read }) => !is_read)],
  ] as const) {
    for (const scope of ["", `&account_id=${accountId}`]) {
      const { body } = await client.call("GET", `/inbox/?size=100${query}${scope}`);
      const got = body.items.map((item: { message: { id: string }; is_starred: boolean }) => item.message.id);
      expect({ total: body.total, got }).toEqual({ total: wanted.length, got: wanted.map(({ id }) => id) });
      const starred = body.items.map((item: { is_starred: boolean }) => item.is_starred);
      expect(starred).toEqual(wanted.map(({ is_starred }) => is_starred));
    }
  }
  const { body: counts } = await client.call("GET", "/inbox/unread-counts");
  expect(counts[0].unread_count).toBe(visible.filter(({ is_read }) => !is_read).length);
}

it("after any steps, lists, totals and counts are those of a plain model", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const client = await createClient();
      const account = await connectMailbox(client);
      const entries: Entry[] = [];
      for (const each of [{ kind: "receive" as const, at: 5 }, ...steps]) {
        if (each.kind === "receive") {
          const message = { id: `m${unique()}`, thread_id: `t${unique()}`, subject: "x", date: each.at };
          const { id } = await applyMessage(ctx, account, { message, observedAt: 1, cause: `c${unique()}` });
          entries.push({ id: id!, at: each.at, is_read: false, is_starred: false, is_archived: false });
        } else {
          const entry = entries[each.which % entries.length]!;
          const path = `/inbox/${entryIdOf(client.claims.user_id, entry.id)}/${each.change}`;
          expect((await client.call("PATCH", path, {})).status).toBe(200);
          APPLY[each.change](entry);
        }
      }
      await expectInbox(client, account.id, entries);
    }),
    { numRuns: 20 },
  );
});
