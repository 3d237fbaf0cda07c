import type { SQL } from "drizzle-orm/sql";
import { type Query, toQuery } from "./statement.ts";
import { isTransient } from "./transient.ts";

/** One D1 database. */
export interface Store {
  all<Row>(statement: SQL<Row>): Promise<Row[]>;
  run(statement: SQL): Promise<void>;
  /** Runs statements in one transaction. @returns the rows of each */
  batch(statements: SQL[]): Promise<unknown[][]>;
}

/** Milliseconds before the second and third try. Each is multiplied by 1 to 2, so that retries spread out. */
const WAITS = [50, 250];

/**
 * Opens a D1 database. Pure reads are tried up to three times while it is overloaded or restarting. A write runs once:
 * after a lost response, it may have been committed.
 */
export function openStore(d1: D1Database): Store {
  const prepare = ({ sql, params }: Query) => d1.prepare(sql).bind(...params);
  const withRetry = <T>(queries: Query[], run: () => Promise<T>): Promise<T> =>
    queries.every(isRead) ? retry(run) : run();
  return {
    all: async <Row>(statement: SQL<Row>) => {
      const query = toQuery(statement);
      return (await withRetry([query], () => prepare(query).all<Row>())).results;
    },
    run: async (statement) => {
      const query = toQuery(statement);
      await withRetry([query], () => prepare(query).run());
    },
    batch: async (statements) => {
      const queries = statements.map(toQuery);
      const results = await withRetry(queries, () => d1.batch(queries.map(prepare)));
      return results.map((result) => result.results);
    },
  };
}

const isRead = ({ sql }: Query): boolean =>
  /^\s*(SELECT|WITH)\b/i.test(sql) && !/\b(INSERT|UPDATE|DELETE)\b/i.test(sql);

async function retry<T>(run: () => Promise<T>): Promise<T> {
  for (const wait of WAITS) {
    try {
      return await run();
    } catch (error) {
      if (!isTransient(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait * (1 + Math.random())));
    }
  }
  return run();
}
