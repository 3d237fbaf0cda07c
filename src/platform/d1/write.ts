import type { Table } from "drizzle-orm";
import { type SQL, sql } from "drizzle-orm/sql";

// Security: column names go into the text of the statement, so they must come from code, never from a request.

/** The values of a new row; a value may be an SQL expression, and undefined leaves the column out. */
export type NewRow<T extends Table> = OrSql<T["$inferInsert"]>;

/** The columns of a row to write. */
export type Changes<T extends Table> = Partial<NewRow<T>>;

type OrSql<Values> = { [Column in keyof Values]: Values[Column] | SQL };

/** `INSERT INTO table (…) VALUES (…)`: conflict clause and RETURNING follow it. */
export function insertInto<T extends Table>(table: T["_"]["name"], values: NewRow<T>): SQL {
  const given = definedIn(values);
  const names = given.map(([name]) => name).join(", ");
  const list = sql.join(
    given.map(([, value]) => sql`${value}`),
    sql`, `,
  );
  return sql`INSERT INTO ${sql.raw(table)} (${sql.raw(names)}) VALUES (${list})`;
}

/** `column = value, …`, to follow SET. */
export const assign = <T extends Table>(values: Changes<T>): SQL =>
  sql.join(
    definedIn(values).map(([name, value]) => sql`${sql.raw(name)} = ${value}`),
    sql`, `,
  );

const definedIn = (values: object): [name: string, value: unknown][] =>
  Object.entries(values).filter(([, value]) => value !== undefined);
