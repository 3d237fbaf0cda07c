import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, it } from "vitest";
import { CompanyData } from "../../src/ems/store/company-data.ts";
import { runInD1 } from "../../src/platform/d1/store.ts";
import { unique } from "../support/client.ts";
import { hubOf } from "../support/hub.ts";

// What users do while their company is moved, and what can go wrong, in any order.

const file = fc.nat(11);
const act = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      file,
      name: fc.string(),
      delay: fc.nat(9),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), file }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("neighbour" as const), file }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("step" as const), steps: fc.constantFrom(1, 10, 30) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("fail" as const), after: fc.nat(6), isDone: fc.boolean() }),
  },
);

/** Steps to take before the first act. There are some 27 tables, to copy and to compare, so most acts are near the switch. */
const ahead = fc.oneof(fc.nat(60), fc.integer({ min: 50, max: 58 }));

/** A database whose calls fail on demand, before or after they have run. */
function createFlaky() {
  const flaky = {
    callsUntilFault: Number.POSITIVE_INFINITY,
    isDone: false,
    afterReadingChanges: async () => {},
  };
  const striking = async <T>(run: () => Promise<T>): Promise<T> => {
    const isStruck = flaky.callsUntilFault-- === 0;
    if (isStruck && !flaky.isDone) throw new Error("D1 failed before");
    const result = await run();
    if (isStruck) throw new Error("D1 failed after");
    return result;
  };
  type Wrapped = D1PreparedStatement & { inner: D1PreparedStatement };
  const statement = (inner: D1PreparedStatement, sql: string): D1PreparedStatement =>
    Object.assign(Object.create(inner), {
      inner,
      bind: (...values: unknown[]) => statement(inner.bind(...values), sql),
      all: () =>
        striking(async () => {
          const result = await inner.all();
          if (/FROM ems_changed_rows WHERE seq/.test(sql)) await flaky.afterReadingChanges();
          return result;
        }),
    });
  const db = {
    prepare: (sql: string) => statement(env.DB.prepare(sql), sql),
    batch: (some: Wrapped[]) => striking(() => env.DB.batch(some.map(({ inner }) => inner))),
  };
  return { flaky, db: db as unknown as D1Database };
}

it("a company has exactly its rows after a move, whatever fails or is written meanwhile", async () => {
  const property = fc.asyncProperty(ahead, fc.array(act, { maxLength: 30 }), async (steps, acts) => {
    const [company, neighbour] = [unique(), unique()];
    const { flaky, db } = createFlaky();
    const idOf = (owner: number, nth: number) => `${owner}-${nth}`;
    const put = (owner: number, nth: number, name: string) => ({
      sql: `INSERT INTO ems_uploads (id, company_id, user_id, filename, content_type, size_bytes, content_id, created_at)
        VALUES (?, ?, 1, ?, 'text/plain', 1, 'c', 1) ON CONFLICT (id) DO UPDATE SET filename = excluded.filename`,
      params: [idOf(owner, nth), owner, name],
    });
    const atD1 = runInD1(env.DB);
    await atD1([put(company, 0, "the first"), put(neighbour, 0, "not moved")]);
    const expected = new Map([[idOf(company, 0), "the first"]]);
    const beside = new Map([[idOf(neighbour, 0), "not moved"]]);

    await runInDurableObject(hubOf(company), async (_hub, { storage }) => {
      const open = () => new CompanyData(storage, db, company);
      let data = open();
      const write = async (query: Parameters<typeof data.run>[0][number]): Promise<boolean> =>
        data.run([query]).then(
          () => true,
          () => false,
        );
      const step = (steps = 1) => data.continueMove(steps).catch(() => {});
      await data.beginMove();
      await step(steps);
      for (const each of acts) {
        switch (each.kind) {
          case "put": {
            // Right after a step has read the list of changes, if it does.
            let writing: Promise<boolean> | undefined;
            flaky.afterReadingChanges = async () => {
              writing ??= write(put(company, each.file, each.name));
              await writing;
            };
            await step(2);
            flaky.afterReadingChanges = async () => {};
            const isWritten = await (writing ?? write(put(company, each.file, each.name)));
            expect(isWritten).toBe(true);
            expected.set(idOf(company, each.file), each.name);
            break;
          }
          case "delete":
            expect(
              await write({
                sql: "DELETE FROM ems_uploads WHERE id = ?",
                params: [idOf(company, each.file)],
              }),
            ).toBe(true);
            expected.delete(idOf(company, each.file));
            break;
          case "neighbour":
            await atD1([put(neighbour, each.file, "beside")]);
            beside.set(idOf(neighbour, each.file), "beside");
            break;
          case "step":
            await step(each.steps);
            break;
          case "restart":
            data = open();
            break;
          case "fail":
            Object.assign(flaky, { callsUntilFault: each.after, isDone: each.isDone });
            await step();
            flaky.callsUntilFault = Number.POSITIVE_INFINITY;
        }
      }
      flaky.callsUntilFault = Number.POSITIVE_INFINITY;
      while (data.isMoving) await step();
      expect(await data.status()).toMatchObject({ store: "object", stage: null });
      const [rows] = await data.run([{ sql: "SELECT id, filename FROM ems_uploads", params: [] }]);
      expect(toMap(rows)).toEqual(expected);
    });
    const [left, others] = await atD1([
      { sql: "SELECT id, filename FROM ems_uploads WHERE company_id = ?", params: [company] },
      { sql: "SELECT id, filename FROM ems_uploads WHERE company_id = ?", params: [neighbour] },
    ]);
    expect(left).toEqual([]);
    expect(toMap(others)).toEqual(beside);
    const [triggers] = await atD1([
      { sql: "SELECT name FROM sqlite_master WHERE name LIKE 'moving!_%' ESCAPE '!'", params: [] },
    ]);
    expect(triggers).toEqual([]);
  });
  await fc.assert(property, { numRuns: 25 });
});

const toMap = (rows: unknown[] = []): Map<string, string> =>
  new Map((rows as { id: string; filename: string }[]).map(({ id, filename }) => [id, filename]));
