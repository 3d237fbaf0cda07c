import type { Table } from "drizzle-orm";
import { type SQL, sql, type Value } from "./sql.ts";

// Security: column names go into the statement unescaped, so they must come from code, never from a request.

/** The values of a new row. A value may be an SQL expression; undefined leaves the column out. */
export type NewRow<T extends Table> = OrSql<T["$inferInsert"]>;

/** The columns to update in a row. */
export type Changes<T extends Table> = Partial<NewRow<T>>;

type OrSql<Values> = { [Column in keyof Values]: Values[Column] | SQL };

/** `INSERT INTO table (…) VALUES (…)`. The caller may append a conflict clause and RETURNING. */
export function insertInto<T extends Table>(table: T["_"]["name"], values: NewRow<T>): SQL {
  const given = definedIn(values);
  const names = given.map(([name]) => name).join(", ");
  const list = sql.join(
    given.map(([, value]) => sql`${value}`),
    sql`, `,
  );
  return sql`INSERT INTO ${sql.raw(table)} (${sql.raw(names)}) VALUES (${list})`;
}

/** `column = value, …`, to put after SET. */
export const assign = <T extends Table>(values: Changes<T>): SQL =>
  sql.join(
    definedIn(values).map(([name, value]) => sql`${sql.raw(name)} = ${value}`),
    sql`, `,
  );

const definedIn = <Values extends object>(values: Values): [name: string, value: Value][] =>
  Object.entries(values).filter(([, value]) => value !== undefined);
