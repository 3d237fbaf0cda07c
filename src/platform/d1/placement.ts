import * as z from "zod/mini";
import { type Infer, lazy } from "../../lib/lazy.ts";

const Shards = lazy(() =>
  z.array(z.object({ binding: z.string(), from: z.int(), to: z._default(z.int(), Number.MAX_SAFE_INTEGER) })),
);

/** The vars of the Worker that place companies in D1 databases. */
export const placementVars = lazy(() => ({
  /** Ranges of company ids, each with the binding of its database. All other companies are in the main one. */
  SHARDS: z._default(Shards(), []),
}));

/** Where companies are: in `main`, unless SHARDS names another database. Rows without a company are in `main`. */
export interface CompanyPlacement {
  main: string;
  SHARDS: Infer<typeof Shards>;
}

/** @returns the binding of the company's database. A change of SHARDS does not move existing rows. */
export const shardOf = ({ main, SHARDS }: CompanyPlacement, company: number): string =>
  SHARDS.find(({ from, to }) => company >= from && company <= to)?.binding ?? main;

/** @returns the distinct bindings of the companies' databases; without companies, the main one */
export const shardsOf = (placement: CompanyPlacement, companies: number[]): string[] =>
  companies.length === 0
    ? [placement.main]
    : [...new Set(companies.map((company) => shardOf(placement, company)))];

/** @returns the bindings of all databases, the main one first */
export const allShards = ({ main, SHARDS }: CompanyPlacement): string[] => [
  ...new Set([main, ...SHARDS.map(({ binding }) => binding)]),
];
