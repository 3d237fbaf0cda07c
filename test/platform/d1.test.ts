import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import type { companies, messages } from "../../src/ems/schema/mail.ts";
import { openDatabase } from "../../src/platform/d1/database.ts";
import type { RowOf } from "../../src/platform/d1/rows.ts";
import { sql } from "../../src/platform/d1/sql.ts";
import { retrying, runInD1 } from "../../src/platform/d1/store.ts";
import { assign, insertInto } from "../../src/platform/d1/write.ts";
import { unique } from "../support/client.ts";

const d1 = retrying(runInD1(env.DB));
const db = openDatabase({ main: d1 });
/** One database for each parity of company ids. */
const divided = openDatabase({
  main: d1,
  ofCompany: (company) => (company % 2 ? retrying(runInD1(env.NOTES_DB)) : d1),
});
const ids = [2 * unique(), 2 * unique() + 1];

const nameOf = (id: number) => sql<{ name: string }>`SELECT name FROM companies WHERE id = ${id}`;

beforeAll(async () => {
  await env.NOTES_DB.exec(
    "CREATE TABLE IF NOT EXISTS companies (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
  );
  for (const id of ids) {
    const row = { id, name: `Company ${id}` };
    await divided.forCompany(id).run(insertInto<typeof companies>("companies", row));
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

it("without stores for companies, every company is in the one part", () => {
  expect(db.isDivided).toBe(false);
  for (const part of [db.forCompany(1), db.forCompanies([1, 2]), db.forNoCompany()]) expect(part).toBe(db);
  expect(db.rowOf(7, [{ newest: 1 }])).toEqual({ newest: 1 });
});

describe("with a store for each company", () => {
  it("rows are concatenated, and rowOf finds a company's row", async () => {
    expect(divided.isDivided).toBe(true);
    const both = divided.forCompanies(ids);
    expect(both.parts).toBe(2);
    const newest = await both.all(sql<{ id: number }>`SELECT max(id) AS id FROM companies`);
    expect(ids.map((id) => both.rowOf(id, newest))).toEqual(ids.map((id) => ({ id })));
    const [names] = await both.batch([nameOf(ids[1]!)]);
    expect(names).toEqual([{ name: `Company ${ids[1]}` }]);
  });

  it("a company's part has no rows of another, and no company's is the main part", async () => {
    expect(await divided.forCompany(ids[0]!).all(nameOf(ids[1]!))).toEqual([]);
    expect(divided.forCompanies([]).parts).toBe(1);
    expect(divided.forCompanies([])).toBe(divided.forNoCompany());
    expect(divided.forNoCompany().rowOf(ids[0]!, [1])).toBeUndefined();
  });
});

it("reads are retried while the database is overloaded, and writes are not", async () => {
  let calls = 0;
  const all = async () => {
    calls++;
    if (calls < 3) throw new Error("D1_ERROR: D1 DB is overloaded. Too many requests queued.");
    return { results: [{ n: calls }], meta: { rows_read: 0, rows_written: 0 } };
  };
  const prepared = { bind: () => prepared, all, run: all };
  const flaky = openDatabase({ main: retrying(runInD1({ prepare: () => prepared } as never)) });
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
