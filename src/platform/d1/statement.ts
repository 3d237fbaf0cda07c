import { SQL } from "./sql.ts";

/** Statements of one transaction. An element may be a list: its result is then a list of results. */
export type Statements = readonly (SQL | readonly SQL[])[];

/** The rows of each statement, in the shape of the list. */
export type RowsOf<S extends Statements> = {
  -readonly [Nth in keyof S]: S[Nth] extends readonly SQL[] ? Lists<S[Nth]> : Rows<S[Nth]>;
};

type Lists<S extends readonly SQL[]> = { -readonly [Nth in keyof S]: Rows<S[Nth]> };

type Rows<S> = S extends SQL<infer Row> ? Row[] : never;

/** A statement as D1 and RPC take it. */
export interface Query {
  sql: string;
  params: readonly unknown[];
}

/** The text and the parameters of a statement. */
export const toQuery = ({ text, params }: SQL): Query => ({ sql: text, params });

/** True for a query that changes nothing. A SELECT cannot; after WITH may come any statement. */
export const isRead = ({ sql }: Query): boolean =>
  /^\s*SELECT\b/i.test(sql) || (/^\s*WITH\b/i.test(sql) && !/\b(INSERT|UPDATE|DELETE)\b/i.test(sql));

/**
 * Puts results into the shape of the statements that they came from.
 * @param results the rows of each of `statements.flat()`, in order
 */
export function shapeLike<S extends Statements>(statements: S, results: unknown[][]): RowsOf<S> {
  const rest = results.values();
  const next = () => rest.next().value ?? [];
  const shaped = statements.map((each) => (each instanceof SQL ? next() : each.map(next)));
  // The only place that trusts a statement's declared row type.
  return shaped as RowsOf<S>;
}
