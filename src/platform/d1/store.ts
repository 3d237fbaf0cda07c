import { countRows } from "../work.ts";
import { isRead, type Query } from "./statement.ts";
import { isTransient } from "./transient.ts";

/** Runs queries in one transaction. @returns the rows of each */
export type Run = (queries: Query[]) => Promise<unknown[][]>;

/** Milliseconds before the second and third try. Each is multiplied by 1 to 2, so that retries spread out. */
const WAITS = [50, 250];

/**
 * Tries pure reads up to three times while the database is overloaded or restarting. A write runs once: after a lost
 * response, it may have been committed.
 */
export const retrying =
  (run: Run): Run =>
  (queries) =>
    queries.every(isRead) ? retry(() => run(queries)) : run(queries);

/** Runs queries in a D1 database. */
export const runInD1 =
  (d1: D1Database): Run =>
  async (queries) => {
    const [first, ...more] = queries.map(({ sql, params }) => d1.prepare(sql).bind(...params));
    if (!first) return []; // D1 refuses an empty batch
    const done = more.length ? await d1.batch([first, ...more]) : [await first.all()];
    return done.map(({ results, meta }) => {
      countRows(meta.rows_read, meta.rows_written);
      return results;
    });
  };

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
