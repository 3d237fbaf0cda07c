import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { type BodyColumns, INLINE_BYTES, loadBody } from "../../src/ems/ingest/bodies.ts";
import { deleteMessage } from "../../src/ems/ingest/deletion.ts";
import { moveInlineBodies } from "../../src/ems/ingest/inline-bodies.ts";
import type { Query } from "../../src/platform/d1/statement.ts";
import { calm, faultyEnv } from "../chaos/faults.ts";
import { type BulkAccount, createBulkAccount } from "../support/bulk.ts";
import { unique } from "../support/client.ts";
import { contextOf } from "../support/context.ts";
import { db } from "../support/db.ts";
import { cron, keysOfRows, keysUnder, setClock } from "../support/lifetime.ts";
import { metered } from "../support/meter.ts";

/** Moves bodies in the account's database, as cron does. */
const move = ({ company_id }: BulkAccount, on: Env = env): Promise<void> =>
  moveInlineBodies(contextOf([company_id], on));

const text = (size: number, letter = "a"): string => letter.repeat(size);

interface Stored extends BodyColumns {
  id: string;
  provider_message_id: string;
}

const stored = async ({ id }: BulkAccount): Promise<Stored[]> =>
  (
    await db
      .prepare(
        `SELECT id, provider_message_id, body_html, body_text, body_key FROM ems_messages
       WHERE account_id = ? ORDER BY sent_at`,
      )
      .bind(id)
      .all<Stored>()
  ).results;

/** An account whose messages have text bodies of these sizes in their rows, as an earlier version stored them. */
async function createOldAccount(sizes: number[]): Promise<BulkAccount> {
  const account = await createBulkAccount(sizes.length);
  await db
    .prepare(
      `UPDATE ems_messages SET body_digest = 'old', body_text = (
       SELECT replace(hex(zeroblob(value)), '00', 'a') FROM json_each(?) WHERE key = sent_at - 1700000000)
     WHERE account_id = ?`,
    )
    .bind(JSON.stringify(sizes), account.id)
    .run();
  return account;
}

const lengthsOf = async (account: BulkAccount): Promise<(number | undefined)[]> => {
  const ctx = contextOf([account.company_id]);
  const bodies = await Promise.all((await stored(account)).map((row) => loadBody(ctx, row)));
  return bodies.map(({ body_text }) => body_text?.length);
};

const inline = async (account: BulkAccount): Promise<number[]> =>
  (await stored(account)).flatMap(({ body_text }) => (body_text ?? "").length || []);

async function collectGarbage(): Promise<void> {
  setClock(25);
  await cron();
  vi.useRealTimers();
}

beforeEach(async () => {
  // Begin with the first message again.
  await db.prepare("DELETE FROM ems_inline_bodies").run();
});

describe("bodies that an earlier version stored in rows", () => {
  it("move to R2 above the limit, and read as before", async () => {
    const sizes = [10, INLINE_BYTES, INLINE_BYTES + 1, 30_000, 65_000, 0];
    const account = await createOldAccount(sizes);
    await cron();
    expect(await inline(account)).toEqual([10, INLINE_BYTES]);
    expect(await lengthsOf(account)).toEqual(sizes);
    const keys = (await stored(account)).flatMap(({ body_key }) => body_key ?? []);
    expect(await keysUnder(`bodies/${account.company_id}/`)).toEqual(keys.toSorted());
  });

  it("move at most 500 a run, whatever the number of messages, and the next run continues", async () => {
    const account = await createOldAccount(Array.from({ length: 1300 }, (_, n) => (n % 2 ? 2100 : 5)));
    const left = [];
    for (let run = 0; run < 3; run++) {
      await move(account);
      left.push((await inline(account)).filter((size) => size > 5).length);
    }
    expect(left).toEqual([150, 0, 0]);
    expect(new Set(await lengthsOf(account))).toEqual(new Set([5, 2100]));
  });

  it("leave a database of less than a third of its size", async () => {
    const size = async () => (await db.prepare("SELECT 1").run()).meta.size_after;
    const empty = await size();
    const account = await createOldAccount(Array.from({ length: 1000 }, () => 10_000));
    const full = await size();
    for (let run = 0; run < 3; run++) await move(account);
    expect((await size()) - empty).toBeLessThan((full - empty) / 3);
  });

  it("are looked for once: later runs read one row", async () => {
    const account = await createOldAccount([3000, 10]);
    for (let run = 0; run < 2; run++) await move(account);
    const { ctx, meter } = metered({ user_id: unique(), companies: [account.company_id] });
    await moveInlineBodies(ctx);
    expect(meter).toEqual({ read: 1, written: 0 });
  });

  it("move without an event, and the message counts as unchanged", async () => {
    const account = await createOldAccount([3000]);
    const shape = () =>
      db
        .prepare(
          `SELECT applied_by, observed_at, body_digest, snippet, folder,
           (SELECT count(*) FROM ems_events e WHERE e.company_id = m.company_id) AS events
         FROM ems_messages m WHERE account_id = ?`,
        )
        .bind(account.id)
        .first();
    const before = await shape();
    await move(account);
    expect(await inline(account)).toEqual([]);
    expect(await shape()).toEqual(before);
  });
});

/** What a notification does between two calls of a run. */
const CHANGES = ["nothing", "a longer body", "a shorter body", "another folder", "deletion"] as const;
type Change = (typeof CHANGES)[number];

const expectedAfter = (change: Change, size: number): (number | undefined)[] => {
  if (change === "deletion") return [];
  return [{ "a longer body": 9000, "a shorter body": 7 }[change as string] ?? size];
};

async function apply(account: BulkAccount, { provider_message_id: id }: Stored, change: Change) {
  const ctx = contextOf([account.company_id]);
  const update = { observedAt: Date.now(), cause: crypto.randomUUID() };
  if (change === "deletion") return deleteMessage(ctx, account, id, update.observedAt);
  const message = {
    ...{ id },
    ...(change === "a longer body" ? { body: text(9000, "b") } : {}),
    ...(change === "a shorter body" ? { body: text(7, "b") } : {}),
    ...(change === "another folder" ? { subject: "Filed" } : {}),
  };
  if (change !== "nothing") await applyMessage(ctx, account, { message, ...update });
}

/** An environment in which `act` runs before the n-th batch of the database or write to R2. */
function interrupted(n: number, act: () => Promise<unknown>): Env {
  let calls = 0;
  const before = async () => {
    if (++calls === n) await act();
  };
  const DB = {
    prepare: (query: string) => env.DB.prepare(query),
    batch: async (statements: D1PreparedStatement[]) => {
      await before();
      return env.DB.batch(statements);
    },
  };
  const COMPANY_HUB = {
    idFromName: (name: string) => env.COMPANY_HUB.idFromName(name),
    get: (id: DurableObjectId) => ({
      query: async (queries: Query[]) => {
        if (queries.length > 1) await before();
        return env.COMPANY_HUB.get(id).query(queries);
      },
    }),
  };
  const ATTACHMENTS = {
    put: async (key: string, value: ArrayBuffer, options: R2PutOptions) => {
      await before();
      return env.ATTACHMENTS.put(key, value, options);
    },
  };
  return { ...env, DB, COMPANY_HUB, ATTACHMENTS } as unknown as Env;
}

describe("no body is lost, and no object is left", () => {
  it.each(["before", "after"] as const)("when a run dies %s any call", async (moment) => {
    const sizes = [3000, 10, 4000, 5000];
    const account = await createOldAccount(sizes);
    let died = true;
    for (let n = 1; died; n++) {
      let calls = 0;
      const strike = () => (++calls < n ? null : calls === n ? moment : ("before" as const));
      await move(account, faultyEnv(strike, [])).catch(() => {});
      died = calls >= n;
      expect(await lengthsOf(account)).toEqual(sizes);
    }
    await move(account, faultyEnv(calm, []));
    expect(await inline(account)).toEqual([10]);
    expect(await lengthsOf(account)).toEqual(sizes);
    await collectGarbage();
    expect(await keysUnder("bodies/")).toEqual(
      (await keysOfRows()).filter((key) => key.startsWith("bodies/")),
    );
    expect(await lengthsOf(account)).toEqual(sizes);
  });

  it("when a notification comes between any two calls of a run, and when two runs overlap", async () => {
    const property = fc.asyncProperty(
      fc.array(
        fc.record({ size: fc.constantFrom(10, 2100, 3000, 60_000), change: fc.constantFrom(...CHANGES) }),
        { minLength: 1, maxLength: 5 },
      ),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      async (mails, n, overlaps) => {
        await db.prepare("DELETE FROM ems_inline_bodies").run();
        const account = await createOldAccount(mails.map(({ size }) => size));
        const rows = await stored(account);
        let changed = false;
        const change = async () => {
          changed = true;
          if (overlaps) await move(account);
          for (const [nth, row] of rows.entries()) await apply(account, row, mails[nth]?.change ?? "nothing");
        };
        await move(account, interrupted(n, change));
        if (!changed) await change();
        expect(await lengthsOf(account)).toEqual(
          mails.flatMap(({ size, change: each }) => expectedAfter(each, size)),
        );
        expect((await inline(account)).filter((size) => size > INLINE_BYTES)).toEqual([]);
      },
    );
    await fc.assert(property, { numRuns: 40 });
    await collectGarbage();
    expect(await keysUnder("bodies/")).toEqual(
      (await keysOfRows()).filter((key) => key.startsWith("bodies/")),
    );
  });
});
