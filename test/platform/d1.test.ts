import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import type { companies, messages } from "../../src/ems/schema/mail.ts";
import { openDatabase } from "../../src/platform/d1/database.ts";
import type { RowOf } from "../../src/platform/d1/rows.ts";
import { sql } from "../../src/platform/d1/sql.ts";
import { assign, insertInto } from "../../src/platform/d1/write.ts";
import { unique } from "../support/client.ts";

const FAR = 5_000_000_000;
const SHARDS = [{ binding: "DB_2", from: FAR, to: Number.MAX_SAFE_INTEGER }];
const db = openDatabase(env, "DB", { SHARDS });
const ids = [unique(), FAR + unique()];

const nameOf = (id: number) => sql<{ name: string }>`SELECT name FROM companies WHERE id = ${id}`;

beforeAll(async () => {
  for (const id of ids) {
    const row = { id, name: `Company ${id}` };
    await db.forCompany(id).run(insertInto<typeof companies>("companies", row));
  }
});

describe("a batch", () => {
  it("returns the rows of each statement, typed by it, and nested lists for nested lists", async () => {
    const [one, [first, second], more] = await db
      .forCompany(ids[0]!)
      .batch([
        nameOf(ids[0]!),
        [sql<{ n: number }>`SELECT 1 AS n`, sql<{ text: string }>`SELECT 'a' AS text UNION ALL SELECT 'b'`],
        [1, 2, 3].map((n) => sql<{ n: number }>`SELECT ${n} AS n`),
      ]);
    expectTypeOf(one).toEqualTypeOf<{ name: string }[]>();
    expectTypeOf(second).toEqualTypeOf<{ text: string }[]>();
    expectTypeOf(more).toEqualTypeOf<{ n: number }[][]>();
    expect(one).toEqual([{ name: `Company ${ids[0]}` }]);
    expect([first, second]).toEqual([[{ n: 1 }], [{ text: "a" }, { text: "b" }]]);
    expect(more).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
  });

  it("without statements does not query the database", async () => {
    expect(await db.batch([])).toEqual([]);
    expect(await db.batch([[], []])).toEqual([[], []]);
  });

  it("is one transaction", async () => {
    const id = unique();
    const insert = insertInto<typeof companies>("companies", { id, name: "Once" });
    await expect(db.forCompany(id).batch([insert, insert])).rejects.toThrow(/UNIQUE/);
    expect(await db.forCompany(id).all(nameOf(id))).toEqual([]);
  });
});

describe("with several parts", () => {
  it("rows are concatenated, and rowOf finds a company's row", async () => {
    expect(db.parts).toBe(2);
    const newest = await db.all(sql<{ id: number }>`SELECT max(id) AS id FROM companies`);
    expect(newest).toHaveLength(2);
    expect(db.rowOf(ids[0]!, newest)?.id).toBeLessThan(FAR);
    expect(db.rowOf(ids[1]!, newest)?.id).toBeGreaterThan(FAR);
    const far = db.forCompanies([ids[1]!]);
    expect(far.parts).toBe(1);
    expect(await far.all(nameOf(ids[0]!))).toEqual([]);
    expect(db.forCompanies(ids).parts).toBe(2);
    expect(db.forNoCompany().parts).toBe(1);
  });

  it("find returns a row that is in one of them", async () => {
    const found = await db.forNoCompany().find(nameOf(ids[1]!));
    expect(found?.row).toEqual({ name: `Company ${ids[1]}` });
    expect(found?.db).toBe(db.forCompany(ids[1]!));
    expect(await db.find(nameOf(-1))).toBeUndefined();
  });

  it("each needs a binding", () => {
    expect(() => openDatabase(env, "DB_3")).toThrow("DB_3");
  });
});

it("reads are retried while the database is overloaded, and writes are not", async () => {
  let calls = 0;
  const all = async () => {
    calls++;
    if (calls < 3) throw new Error("D1_ERROR: D1 DB is overloaded. Too many requests queued.");
    return { results: [{ n: calls }] };
  };
  const prepared = { bind: () => prepared, all, run: all };
  const flaky = openDatabase({ DB: { prepare: () => prepared } } as never, "DB");
  expect(await flaky.all(sql`SELECT 1`)).toEqual([{ n: 3 }]);
  calls = 0;
  await expect(flaky.run(sql`UPDATE companies SET name = ''`)).rejects.toThrow("overloaded");
  expect(calls).toBe(1);
});

describe("a row to write", () => {
  it("becomes a statement with only its columns", () => {
    const name = sql`upper(${"x"})`;
    const insert = sql`${insertInto<typeof companies>("companies", { id: 1, name })} RETURNING id`;
    expect(insert).toEqual(sql`INSERT INTO companies (id, name) VALUES (${1}, upper(${"x"})) RETURNING id`);
    const changes = assign<typeof messages>({ has_attachments: true, snippet: null });
    expect({ ...changes }).toEqual({ text: "has_attachments = ?, snippet = ?", params: [true, null] });
  });

  it("must match its table", () => {
    // @ts-expect-error unknown column
    assign<typeof companies>({ nom: "x" });
    // @ts-expect-error a required column is missing
    insertInto<typeof companies>("companies", { id: 1 });
    // @ts-expect-error the row of another table
    insertInto<typeof companies>("ems_messages", { id: 1, name: "x" });
  });
});

it("a row's flags are 0 or 1", () => {
  expectTypeOf<RowOf<typeof messages>["has_attachments"]>().toEqualTypeOf<0 | 1>();
  expectTypeOf<RowOf<typeof messages>["snippet"]>().toEqualTypeOf<string | null>();
});
