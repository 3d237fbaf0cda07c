import { allShards, type CompanyPlacement, shardOf, shardsOf } from "./placement.ts";
import type { SQL } from "./sql.ts";
import { type RowsOf, type Statements, shapeLike } from "./statement.ts";
import { openStore, type Store } from "./store.ts";

/**
 * The rows of some companies, in one or several parts. A company is in exactly one part. A statement runs in each part,
 * and the results are concatenated. So it must name its company, or an id that only one part has. A statement that
 * inserts without reading must run on `forCompany` or `forNoCompany`.
 */
export interface Database {
  /** The bindings of the parts, for the log. */
  readonly name: string;
  readonly parts: number;
  all<Row>(statement: SQL<Row>): Promise<Row[]>;
  run(statement: SQL): Promise<void>;
  /** Runs statements in one transaction per part, without one over all parts. @returns the rows of each statement */
  batch<const S extends Statements>(statements: S): Promise<RowsOf<S>>;
  forCompany(company: number): Database;
  forCompanies(companies: number[]): Database;
  /** The part with the rows that belong to no company. */
  forNoCompany(): Database;
  forEveryCompany(): Database;
  /** Every part, as a database of its own. */
  each(): Database[];
  /** Finds a row that exists in only one part. @throws the error of a part, unless another part has the row */
  find<Row>(statement: SQL<Row>): Promise<Found<Row> | undefined>;
  /** @param rows the result of a statement that returns one row per part. @returns the row of the company's part */
  rowOf<Row>(company: number, rows: Row[]): Row | undefined;
}

/** A row, and the part that it is in. */
export interface Found<Row> {
  db: Database;
  row: Row;
}

/**
 * Opens the D1 databases of all companies of a module as one.
 * @param main the binding of the module's database
 * @param vars the values of `placementVars`; a module without them has one database
 * @throws Error when a database is not bound
 */
export function openDatabase(
  env: Env,
  main: string,
  { SHARDS }: Omit<CompanyPlacement, "main"> = { SHARDS: [] },
): Database {
  const placement = { main, SHARDS };
  const all = allShards(placement);
  const stores = new Map(all.map((name) => [name, openStore(bindingOf(env, name))]));
  const opened = new Map<string, Database>();
  const open = (names: string[]): Database => {
    const key = names.join();
    const known = opened.get(key);
    if (known) return known;
    const database: Database = {
      ...reader(names.flatMap((name) => stores.get(name) ?? [])),
      name: key,
      parts: names.length,
      forCompany: (company) => open([shardOf(placement, company)]),
      forCompanies: (companies) => open(shardsOf(placement, companies)),
      forNoCompany: () => open([main]),
      forEveryCompany: () => open(all),
      each: () => all.map((name) => open([name])),
      find: (statement) => find(database.each(), statement),
      rowOf: (company, rows) => rows[names.indexOf(shardOf(placement, company))],
    };
    opened.set(key, database);
    return database;
  };
  return open(all);
}

function bindingOf(env: Env, name: string): D1Database {
  const binding: D1Database | undefined = Reflect.get(env, name);
  if (!binding) throw new Error(`No D1 database is bound as ${name}`);
  return binding;
}

/** Runs statements in each store, and concatenates the rows. */
function reader(stores: Store[]): Pick<Database, "all" | "run" | "batch"> {
  return {
    all: async (statement) => (await Promise.all(stores.map((store) => store.all(statement)))).flat(),
    run: async (statement) => {
      await Promise.all(stores.map((store) => store.run(statement)));
    },
    batch: async (statements) => {
      const flat = statements.flat();
      if (flat.length === 0) return shapeLike(statements, []); // D1 refuses an empty batch
      const results = await Promise.all(stores.map((store) => store.batch(flat)));
      const joined = flat.map((_, nth) => results.flatMap((ofStore) => ofStore[nth] ?? []));
      return shapeLike(statements, joined);
    },
  };
}

async function find<Row>(parts: Database[], statement: SQL<Row>): Promise<Found<Row> | undefined> {
  const looked = await Promise.allSettled(
    parts.map(async (db) => {
      const [row] = await db.all(statement);
      return row && { db, row };
    }),
  );
  const found = looked.flatMap((each) => (each.status === "fulfilled" && each.value ? [each.value] : []));
  const failed = looked.find((each) => each.status === "rejected");
  // A part that is down must not affect companies of other parts.
  if (!found[0] && failed) throw failed.reason;
  return found[0];
}
