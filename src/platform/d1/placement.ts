import * as z from "zod/mini";

/** The vars of the Worker that place companies in D1 databases. */
export const placementVars = {
  /** Ranges of company ids, and the binding of the database that holds each range. All other companies are in DB. */
  SHARDS: z._default(
    z.array(
      z.object({ binding: z.string(), from: z.int(), to: z._default(z.int(), Number.MAX_SAFE_INTEGER) }),
    ),
    [],
  ),
};

/** Where the companies of an installation are. */
export interface CompanyPlacement {
  SHARDS: { binding: string; from: number; to: number }[];
}

/** The database of all companies that SHARDS does not place, and of rows that have no company. */
export const MAIN = "DB";

/** @returns the binding of the company's database; the company never moves by itself */
export const shardOf = ({ SHARDS }: CompanyPlacement, company: number): string =>
  SHARDS.find(({ from, to }) => company >= from && company <= to)?.binding ?? MAIN;

/** @returns the bindings of the companies' databases, each once; the main one for no company */
export const shardsOf = (placement: CompanyPlacement, companies: number[]): string[] =>
  companies.length === 0 ? [MAIN] : [...new Set(companies.map((company) => shardOf(placement, company)))];

/** @returns the bindings of all databases, the main one first */
export const allShards = ({ SHARDS }: CompanyPlacement): string[] => [
  ...new Set([MAIN, ...SHARDS.map(({ binding }) => binding)]),
];
