/** Companies by ranges of their ids, and the binding of the database that holds them. */
interface Config {
  SHARDS: { binding: string; from: number; to: number }[];
}

import { steady } from "./steady.ts";

// The mail of a company lies in one database, with all that belongs to it. Most installations have only one. Where
// an operator has spread the companies (SHARDS), what a caller asks is asked in each database of their companies,
// and what comes back is put together: every statement names the company, or an id that is in one place only, so
// elsewhere it finds nothing and changes nothing. A statement that inserts without having read must be run in the
// one database that it means.

/** The database of all companies that SHARDS does not place, and of what belongs to none. */
export const MAIN = "DB";

/** @returns the binding of the database that holds the company's mail; it never changes by itself */
export const shardOf = ({ SHARDS }: Config, company: number): string =>
  SHARDS.find(({ from, to }) => company >= from && company <= to)?.binding ?? MAIN;

/** The bindings of the databases of these companies, each once; of none it is the main one. */
export const shardsOf = (config: Config, companies: number[]): string[] =>
  companies.length === 0 ? [MAIN] : [...new Set(companies.map((company) => shardOf(config, company)))];

export const allShards = ({ SHARDS }: Config): string[] => [
  ...new Set([MAIN, ...SHARDS.map(({ binding }) => binding)]),
];

/**
 * @param shards bindings of D1 databases
 * @returns the database, or several as one: what is run is run in each, and its rows follow one another in the
 *   order of the shards. A batch is a transaction in each of them, not over them all.
 * @throws Error when SHARDS names what is no binding
 */
export function openShards(env: Env, shards: string[]): D1Database {
  const databases = shards.map((name) => {
    const database = (env as unknown as Record<string, D1Database | undefined>)[name];
    if (!database) throw new Error(`SHARDS names ${name}, and no D1 database is bound under that name`);
    return steady(database);
  });
  const [only] = databases;
  return only && databases.length === 1 ? only : union(databases);
}

type Statement = D1PreparedStatement & { each: D1PreparedStatement[] };

function union(databases: D1Database[]): D1Database {
  const statement = (each: D1PreparedStatement[]): Statement =>
    ({
      each,
      bind: (...values: unknown[]) => statement(each.map((one) => one.bind(...values))),
      all: async () => concat(await Promise.all(each.map((one) => one.all()))),
      run: async () => concat(await Promise.all(each.map((one) => one.run()))),
      raw: async () => (await Promise.all(each.map((one) => one.raw()))).flat(),
    }) as unknown as Statement;
  return {
    prepare: (query: string) => statement(databases.map((database) => database.prepare(query))),
    batch: async (statements: Statement[]) => {
      const ofEach = await Promise.all(
        databases.map((database, nth) =>
          database.batch(statements.map(({ each }) => each[nth] as D1PreparedStatement)),
        ),
      );
      return statements.map((_, nth) => concat(ofEach.flatMap((results) => results[nth] ?? [])));
    },
  } as unknown as D1Database;
}

const concat = (results: D1Result[]): D1Result =>
  ({ ...results[0], results: results.flatMap((result) => result.results) }) as D1Result;
