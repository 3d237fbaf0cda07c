import type { Query } from "../../platform/d1/statement.ts";
import type { Run } from "../../platform/d1/store.ts";
import { COMPANY_TABLES } from "./tables.ts";

/** A move of a company's rows from D1 into the SQLite of its Durable Object. */
export interface Move {
  company: number;
  storage: DurableObjectStorage;
  runInD1: Run;
}

/** The values of a row's primary key. */
export type Key = SqlStorageValue[];

type Row = Record<string, SqlStorageValue>;

/** Rows to look at in one query. Rows of the tables below can be large. */
const WINDOW = 500;
const LARGE_ROWS = ["ems_messages", "ems_outbox", "ems_drafts"];
const SMALL_WINDOW = 50;

/** A table with rows of companies. */
interface Table {
  name: string;
  /** All columns but generated ones. */
  columns: string[];
  /** The columns of the primary key. */
  key: string[];
  condition: string;
}

/** Reads a table's columns from the object's schema, which is that of D1. */
function tableOf({ storage, company }: Move, name: string): Table {
  const condition = COMPANY_TABLES[name]?.(company);
  if (condition === undefined) throw new RangeError(`${name} has no rows of companies`);
  const columns = storage.sql
    .exec<{ name: string; pk: number }>("SELECT name, pk FROM pragma_table_info(?)", name)
    .toArray();
  const key = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
  return { name, condition, columns: columns.map((each) => each.name), key: key.map((each) => each.name) };
}

const keyOf = (table: Table, row: Row): Key => table.key.map((column) => row[column] ?? null);

/** The company's rows among the next of a table, and the key after which the following rows are; null at the end. */
interface Page {
  rows: Row[];
  next: Key | null;
}

async function readPage(move: Move, table: Table, after: Key | null): Promise<Page> {
  const [query, edge] = pageQueries(table, after);
  const [rows = [], [last]] = (await move.runInD1([query, edge])) as [Row[], Row[]];
  return { rows, next: last ? keyOf(table, last) : null };
}

/** Looks at a bounded number of rows, in the order of the primary key, whatever the company's share of them. */
function pageQueries({ name, columns, key, condition }: Table, after: Key | null): [Query, Query] {
  const order = key.join(", ");
  const size = LARGE_ROWS.includes(name) ? SMALL_WINDOW : WINDOW;
  const later = after ? `WHERE (${order}) > (${key.map(() => "?").join(", ")})` : "";
  const window = `SELECT ${columns.join(", ")} FROM ${name} ${later} ORDER BY ${order}`;
  const params = after ?? [];
  return [
    { sql: `SELECT * FROM (${window} LIMIT ${size}) WHERE ${condition}`, params },
    { sql: `SELECT * FROM (${window} LIMIT 1 OFFSET ${size - 1})`, params },
  ];
}

/** Copies a page of a table. @returns the number of copied rows, and where the next page begins; null at the end */
export async function copyPage(
  move: Move,
  name: string,
  after: Key | null,
): Promise<{ copied: number; next: Key | null }> {
  const table = tableOf(move, name);
  const { rows, next } = await readPage(move, table, after);
  move.storage.transactionSync(() => {
    for (const row of rows) put(move, table, row);
  });
  return { copied: rows.length, next };
}

/** Compares a page of a table with the copy. @returns the keys of rows that differ, and where the next page begins */
export async function comparePage(
  move: Move,
  name: string,
  after: Key | null,
): Promise<{ different: Key[]; next: Key | null }> {
  const table = tableOf(move, name);
  const { rows, next } = await readPage(move, table, after);
  const order = table.key.join(", ");
  const places = table.key.map(() => "?").join(", ");
  const conditions = [
    ...(after ? [`(${order}) > (${places})`] : []),
    ...(next ? [`(${order}) <= (${places})`] : []),
  ];
  const where = conditions.length ? `WHERE ${conditions.join(" AND ")}` : "";
  const select = `SELECT ${table.columns.join(", ")} FROM ${name} ${where}`;
  const copies = move.storage.sql.exec<Row>(select, ...(after ?? []), ...(next ?? [])).toArray();
  const textOf = (row: Row) => JSON.stringify(table.columns.map((column) => row[column]));
  const originals = new Set(rows.map(textOf));
  const copied = new Set(copies.map(textOf));
  const different = [
    ...rows.filter((row) => !copied.has(textOf(row))),
    ...copies.filter((row) => !originals.has(textOf(row))),
  ];
  return { different: different.map((row) => keyOf(table, row)), next };
}

/** Brings rows of the copy to what D1 has now. @returns how many differed */
export async function refresh(move: Move, changed: { name: string; key: Key }[]): Promise<number> {
  const selected = changed.map(({ name, key }) => {
    const table = tableOf(move, name);
    const where = table.key.map((column) => `${column} = ?`).join(" AND ");
    const select = `SELECT ${table.columns.join(", ")} FROM ${name} WHERE ${where}`;
    return { table, key, where, select };
  });
  const queries = selected.map(({ table, key, select }) => ({
    sql: `${select} AND (${table.condition})`,
    params: key,
  }));
  const found = (await move.runInD1(queries)) as Row[][];
  let differed = 0;
  move.storage.transactionSync(() => {
    for (const [nth, { table, key, where, select }] of selected.entries()) {
      const row = found[nth]?.[0];
      const [copy] = move.storage.sql.exec<Row>(select, ...key).toArray();
      if (JSON.stringify(row) === JSON.stringify(copy)) continue;
      differed++;
      if (row) put(move, table, row);
      else move.storage.sql.exec(`DELETE FROM ${table.name} WHERE ${where}`, ...key);
    }
  });
  return differed;
}

function put({ storage }: Move, { name, columns }: Table, row: Row): void {
  const places = columns.map(() => "?").join(", ");
  const values = columns.map((column) => row[column] ?? null);
  storage.sql.exec(`INSERT OR REPLACE INTO ${name} (${columns.join(", ")}) VALUES (${places})`, ...values);
}

/** Deletes the company's rows in D1 among the next of a table. @returns as `copyPage` */
export async function deletePage(
  move: Move,
  name: string,
  after: Key | null,
): Promise<{ deleted: number; next: Key | null }> {
  const table = tableOf(move, name);
  const [query, edge] = pageQueries(table, after);
  const keys = table.key.join(", ");
  const garbage = COMPANY_TABLES.ems_garbage?.(move.company);
  const [[last], deleted = []] = (await move.runInD1([
    edge,
    {
      sql: `DELETE FROM ${name} WHERE (${keys}) IN (SELECT ${keys} FROM (${query.sql})) RETURNING 1`,
      params: query.params,
    },
    // Triggers schedule the objects of deleted rows for deletion. The copies of the rows refer to them.
    { sql: `DELETE FROM ems_garbage WHERE ${garbage}`, params: [] },
  ])) as [Row[], Row[], Row[]];
  return { deleted: deleted.length, next: last ? keyOf(table, last) : null };
}
