import { countRows, rowsOf, startWork } from "../work.ts";
import { isRead, type Query } from "./statement.ts";
import type { Run } from "./store.ts";

/** The rows of a query as they cross RPC: the names of the columns only once. */
export interface Table {
  columns: string[];
  rows: unknown[][];
  /** Rows that all queries read and wrote. Only the first table has it. */
  cost?: [read: number, written: number];
}

/** Something that runs queries in one transaction, such as the stub of a Durable Object. */
export interface QueryTarget {
  query(queries: Query[]): Promise<Table[]>;
}

/** Runs queries in a Durable Object, by RPC. @param stubOf returns a new stub: a failed call breaks its stub */
export const runIn =
  (stubOf: () => QueryTarget): Run =>
  async (queries) => {
    const tables = await stubOf().query(queries);
    countRows(...(tables[0]?.cost ?? [0, 0]));
    return tables.map(toRows);
  };

/** Adds to the tables of a call by RPC how many rows it read and wrote, for the caller to count. */
export const costed = (run: () => Promise<Table[]>): Promise<Table[]> =>
  startWork("", async () => {
    const tables = await run();
    if (tables[0]) tables[0].cost = rowsOf();
    return tables;
  });

/** Runs queries in an object's own SQLite, in one transaction. Nothing can come between reads without one. */
export function execute(storage: DurableObjectStorage, queries: Query[]): Table[] {
  const tables = () =>
    queries.map((query): Table => {
      const cursor = storage.sql.exec(query.sql, ...query.params.map(toValue));
      const rows = [...cursor.raw()];
      countRows(cursor.rowsRead, cursor.rowsWritten);
      return { rows, columns: cursor.columnNames };
    });
  return queries.length === 1 || queries.every(isRead) ? tables() : storage.transactionSync(tables);
}

/** SQLite's value of a parameter, as D1 converts it. @throws TypeError for undefined */
function toValue(value: unknown): SqlStorageValue {
  if (typeof value === "boolean") return Number(value);
  if (value === null || typeof value === "number" || typeof value === "string") return value;
  if (value instanceof ArrayBuffer) return value;
  throw new TypeError(`A statement cannot take a parameter of the type ${typeof value}`);
}

/** Turns a table into objects by column name. */
export function toRows({ columns, rows }: Table): Record<string, unknown>[] {
  return rows.map((values) => {
    const row: Record<string, unknown> = {};
    // A plain loop, since this runs for each value of each row.
    for (let nth = 0; nth < columns.length; nth++) row[columns[nth]!] = values[nth];
    return row;
  });
}

/** The opposite of `toRows`. The rows must have the same columns. */
export function toTable(rows: unknown[]): Table {
  const records = rows as Record<string, unknown>[];
  const columns = Object.keys(records[0] ?? {});
  return { columns, rows: records.map((row) => columns.map((column) => row[column])) };
}
