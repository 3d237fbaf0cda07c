import type { SQL } from "./sql.ts";
import { type RowsOf, type Statements, shapeLike, toQuery } from "./statement.ts";
import type { Run } from "./store.ts";

/**
 * The rows of some companies, in one or several parts. A company is in exactly one part. A statement runs in each part,
 * and the results are concatenated. So it must name its company, or an id that only one part has. A statement that
 * inserts without reading must run on `forCompany` or `forNoCompany`.
 */
export interface Database {
  /** The names of the parts, for the log. */
  readonly name: string;
  readonly parts: number;
  /** True when companies have parts of their own: then no query and no unique index covers all of them. */
  readonly isDivided: boolean;
  all<Row>(statement: SQL<Row>): Promise<Row[]>;
  run(statement: SQL): Promise<void>;
  /** Runs statements in one transaction per part, without one over all parts. @returns the rows of each statement */
  batch<const S extends Statements>(statements: S): Promise<RowsOf<S>>;
  forCompany(company: number): Database;
  forCompanies(companies: number[]): Database;
  /** The part with the rows that belong to no company. If the database is not divided, it has all rows. */
  forNoCompany(): Database;
  /** @param rows the result of a statement that returns one row per part. @returns the row of the company's part */
  rowOf<Row>(company: number, rows: Row[]): Row | undefined;
}

/** Where the rows of a module are. */
export interface Stores {
  /** Has the rows without a company, or all rows. */
  main: Run;
  /** Opens the store of a company, if each has its own. */
  ofCompany?: (company: number) => Run;
}

/** Opens the stores of a module as one database, at the part for rows without a company. */
export function openDatabase({ main, ofCompany }: Stores): Database {
  const opened = new Map<string, Database>();
  const open = (companies: number[] | null): Database => {
    const owners = ofCompany ? companies : null;
    const name = owners ? `companies ${owners.join()}` : "main";
    const known = opened.get(name);
    if (known) return known;
    const database: Database = {
      ...reader(owners && ofCompany ? owners.map(ofCompany) : [main]),
      name,
      parts: owners?.length ?? 1,
      isDivided: ofCompany !== undefined,
      forCompany: (company) => open([company]),
      forCompanies: (some) => open(some.length > 0 ? some : null),
      forNoCompany: () => open(null),
      rowOf: (company, rows) => rows[ofCompany ? (owners ?? []).indexOf(company) : 0],
    };
    opened.set(name, database);
    return database;
  };
  return open(null);
}

/** Runs statements in each part, and concatenates the rows. */
function reader(parts: Run[]): Pick<Database, "all" | "run" | "batch"> {
  const runAll = async (statements: SQL[]): Promise<unknown[][]> => {
    if (statements.length === 0) return [];
    const queries = statements.map(toQuery);
    const [first = [], ...more] = await Promise.all(parts.map((run) => run(queries)));
    return more.length
      ? first.map((rows, nth) => rows.concat(...more.map((each) => each[nth] ?? [])))
      : first;
  };
  return {
    // A statement declares the type of its rows: see `shapeLike`.
    all: async <Row>(statement: SQL<Row>) => (await runAll([statement]))[0] as Row[],
    run: async (statement) => {
      await runAll([statement]);
    },
    batch: async (statements) => shapeLike(statements, await runAll(statements.flat())),
  };
}
