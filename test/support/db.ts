import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { toRows } from "../../src/platform/d1/object.ts";
import { companiesSeen } from "./companies.ts";
import { hubOf } from "./hub.ts";

interface Statement {
  sql: string;
  params: unknown[];
}

type Result = {
  results: Record<string, unknown>[];
  meta: { rows_read: number; rows_written: number; changes: number; size_after: number };
};

/**
 * The rows of all companies for a test, wherever they are: D1 itself, or with STORE=objects D1 and every company's
 * object, with D1's interface. A statement runs in each of them.
 */
export const db: D1Database = env.STORE === "objects" ? createDatabase(runEverywhere) : env.DB;

const stores = new Map<number, D1Database>();

/** The rows of one company. Rows of a new company must be inserted through it. Of companies in one store it is the same. */
export function dbOf(company: number): D1Database {
  if (env.STORE !== "objects") return env.DB;
  const store = stores.get(company) ?? createDatabase((statements) => openObject(company, statements));
  stores.set(company, store);
  return store;
}

type RunAll = (statements: Statement[]) => Promise<Result[]>;

function createDatabase(runAll: RunAll): D1Database {
  const prepare = (sql: string, params: unknown[] = []) => {
    const run = async () => (await runAll([{ sql, params }]))[0];
    return {
      ...{ sql, params },
      bind: (...values: unknown[]) => prepare(sql, values),
      all: run,
      run,
      first: async (column?: string) => {
        const row = (await run())?.results[0];
        return (column === undefined ? row : row?.[column]) ?? null;
      },
    };
  };
  return { prepare, batch: runAll } as unknown as D1Database;
}

async function runEverywhere(statements: Statement[]): Promise<Result[]> {
  const main = await env.DB.batch(statements.map(({ sql, params }) => env.DB.prepare(sql).bind(...params)));
  const others = await Promise.all([...companiesSeen].map((company) => runInObject(company, statements)));
  const all = [main as unknown as Result[], ...others.flatMap((each) => (each ? [each] : []))];
  return statements.map(({ sql }, nth) =>
    union(
      sql,
      all.flatMap((each) => each[nth] ?? []),
    ),
  );
}

/** Runs statements in a company's object, whether it has been used before or not. */
async function openObject(company: number, statements: Statement[]): Promise<Result[]> {
  companiesSeen.add(company);
  await hubOf(company).query([{ sql: "SELECT 1", params: [] }]);
  return (await runInObject(company, statements)) ?? [];
}

/** @returns null for a company without rows in its object */
const runInObject = (company: number, statements: Statement[]): Promise<Result[] | null> =>
  runInDurableObject(hubOf(company), (_hub, { storage }) => {
    if (storage.kv.get("place") !== "object") return null;
    return storage.transactionSync(() =>
      statements.map(({ sql, params }): Result => {
        const cursor = storage.sql.exec(
          sql,
          ...(params.map((value) =>
            typeof value === "boolean" ? Number(value) : value,
          ) as SqlStorageValue[]),
        );
        const rows = [...cursor.raw()];
        const results = toRows({ columns: cursor.columnNames, rows });
        return {
          results,
          meta: {
            rows_read: cursor.rowsRead,
            rows_written: cursor.rowsWritten,
            changes: 0,
            size_after: storage.sql.databaseSize,
          },
        };
      }),
    );
  });

/** Concatenates rows. Where each part gave one row, as for a count, numbers are added. */
function union(sql: string, parts: Result[]): Result {
  const meta = {
    rows_read: parts.reduce((sum, part) => sum + part.meta.rows_read, 0),
    rows_written: parts.reduce((sum, part) => sum + part.meta.rows_written, 0),
    changes: parts.reduce((sum, part) => sum + (part.meta.changes ?? 0), 0),
    size_after: parts.reduce((sum, part) => sum + part.meta.size_after, 0),
  };
  if (/sqlite_master/.test(sql)) return parts[0] as Result;
  const results = parts.flatMap((part) => part.results);
  const isAggregate =
    parts.length > 1 &&
    parts.every((part) => part.results.length === 1) &&
    /\b(count|max|min|sum|total)\(/i.test(sql);
  const combine = /\bmax\(/i.test(sql)
    ? Math.max
    : /\bmin\(/i.test(sql)
      ? Math.min
      : (a: number, b: number) => a + b;
  return { results: isAggregate ? [results.reduce((a, b) => merge(a, b, combine))] : results, meta };
}

function merge(
  a: Record<string, unknown>,
  b: Record<string, unknown>,
  combine: (a: number, b: number) => number,
): Record<string, unknown> {
  const combined = (x: unknown, y: unknown) =>
    typeof x === "number" && typeof y === "number" ? combine(x, y) : (x ?? y);
  return Object.fromEntries(Object.keys(a).map((key) => [key, combined(a[key], b[key])]));
}
