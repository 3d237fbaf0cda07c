/** A completed statement, with the rows that D1 bills. */
export interface Observed {
  sql: string;
  params: unknown[];
  /** Number of result rows. */
  rows: number;
  rowsRead: number;
  rowsWritten: number;
  /** Which round trip it was part of. The statements of a batch have the same number. */
  trip: number;
}

type Statement = D1PreparedStatement & { inner: D1PreparedStatement; sql: string; params: unknown[] };

/** Wraps a database and reports each completed statement to `observe`. */
export function observedD1(db: D1Database, observe: (statement: Observed) => void): D1Database {
  let trips = 0;
  const note = <Row>(
    result: D1Result<Row>,
    { sql, params }: Pick<Statement, "sql" | "params">,
    trip = ++trips,
  ) => {
    const { rows_read: rowsRead, rows_written: rowsWritten } = result.meta;
    observe({ sql, params, rows: result.results.length, rowsRead, rowsWritten, trip });
    return result;
  };
  const statement = (inner: D1PreparedStatement, sql: string, params: unknown[]): Statement =>
    Object.assign(Object.create(inner), {
      ...{ inner, sql, params },
      bind: (...values: unknown[]) => statement(inner.bind(...values), sql, values),
      all: async () => note(await inner.all(), { sql, params }),
      run: async () => note(await inner.run(), { sql, params }),
      first: async (column?: string) => {
        const [row] = note(await inner.all<Record<string, unknown>>(), { sql, params }).results;
        return (column === undefined ? row : row?.[column]) ?? null;
      },
      // Drizzle reads with raw(), whose result has no meta. Run all() in its place.
      raw: async () => {
        const { results } = note(await inner.all<Record<string, unknown>>(), { sql, params });
        return results.map((row) => Object.values(row));
      },
    });
  return {
    prepare: (sql: string) => statement(db.prepare(sql), sql, []),
    batch: async (statements: Statement[]) => {
      const results = await db.batch(statements.map(({ inner }) => inner));
      const trip = ++trips;
      return results.map((result, nth) => note(result, statements[nth] as Statement, trip));
    },
  } as unknown as D1Database;
}
