import type { SQL } from "./sql.ts";
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
  const prepare = ({ text, params }: SQL) => d1.prepare(text).bind(...params);
  const withRetry = <T>(statements: SQL[], run: () => Promise<T>): Promise<T> =>
    statements.every(isRead) ? retry(run) : run();
  return {
    all: async <Row>(statement: SQL<Row>) =>
      (await withRetry([statement], () => prepare(statement).all<Row>())).results,
    run: async (statement) => {
      await withRetry([statement], () => prepare(statement).run());
    },
    batch: async (statements) => {
      const results = await withRetry(statements, () => d1.batch(statements.map(prepare)));
      return results.map((result) => result.results);
    },
  };
}

const isRead = ({ text }: SQL): boolean =>
  /^\s*(SELECT|WITH)\b/i.test(text) && !/\b(INSERT|UPDATE|DELETE)\b/i.test(text);

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
