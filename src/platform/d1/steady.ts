import { isTransient } from "./transient.ts";

/** Before the second try and the third, in milliseconds; up to twice as long, so that not all come back at once. */
const WAITS = [50, 250];

const isRead = (query: string): boolean =>
  /^\s*(SELECT|WITH)\b/i.test(query) && !/\b(INSERT|UPDATE|DELETE)\b/i.test(query);

async function retried<T>(run: () => Promise<T>): Promise<T> {
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

type Statement = D1PreparedStatement & { inner: D1PreparedStatement; isRead: boolean };

/**
 * The same database, whose pure reads are tried up to three times while it is overloaded or restarting. What writes
 * runs once: it may have been done although the answer was lost.
 */
export function steady(database: D1Database): D1Database {
  const statement = (inner: D1PreparedStatement, isRead: boolean): Statement => {
    const run = <T>(call: () => Promise<T>) => (isRead ? retried(call) : call());
    return {
      inner,
      isRead,
      bind: (...values: unknown[]) => statement(inner.bind(...values), isRead),
      all: () => run(() => inner.all()),
      run: () => run(() => inner.run()),
      raw: () => run(() => inner.raw()),
    } as unknown as Statement;
  };
  return {
    prepare: (query: string) => statement(database.prepare(query), isRead(query)),
    batch: (statements: Statement[]) => {
      const call = () => database.batch(statements.map(({ inner }) => inner));
      return statements.every((each) => each.isRead) ? retried(call) : call();
    },
  } as unknown as D1Database;
}
