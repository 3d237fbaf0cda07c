import { type Database, openDatabase } from "../platform/d1/database.ts";
import { type SQL, sql } from "../platform/d1/sql.ts";
import type { RowsOf, Statements } from "../platform/d1/statement.ts";
import { type Config, config } from "./config.ts";
import { connectProviders, type ProviderOf } from "./providers.ts";
import { storesOf } from "./store/stores.ts";
import type { CurrentUser } from "./user.ts";

/** What a verb gets: bindings and configuration, but no request. */
export interface Ctx {
  env: Env;
  config: Config;
  /** The database of the companies that the verb works on. */
  db: Database;
  /** The mail provider of an account. */
  providerOf: ProviderOf;
  /** Runs work after the response (`waitUntil`). */
  defer(work: Promise<unknown>): void;
}

/** The context of a verb that a user calls. */
export interface UserCtx extends Ctx {
  user: CurrentUser;
  /** The module's public base URL: `https://host`, plus its prefix if it has one. */
  origin: string;
}

/**
 * Creates a context on the database for rows without a company, for callers that do not know the company yet. With
 * STORE=d1 that is the whole database.
 * @param execution of the request, queue batch or cron run
 */
export function createContext(env: Env, execution: Pick<ExecutionContext, "waitUntil">): Ctx {
  const defer = (work: Promise<unknown>) => execution.waitUntil(work);
  const settings = config(env);
  const providerOf = connectProviders(settings);
  return { env, config: settings, providerOf, defer, db: openDatabase(storesOf(env, settings)) };
}

const withDatabase = <C extends Ctx>(ctx: C, db: Database): C => (db === ctx.db ? ctx : { ...ctx, db });

/** The context restricted to the databases of these companies. */
export const ofCompanies = <C extends Ctx>(ctx: C, companies: number[]): C =>
  withDatabase(ctx, ctx.db.forCompanies(companies));

/** The context restricted to the database of one company. New rows of that company must be inserted through it. */
export const ofCompany = <C extends Ctx>(ctx: C, company: number): C =>
  withDatabase(ctx, ctx.db.forCompany(company));

/** The caller's context as if their token had only these of its companies. */
export const narrowedTo = (ctx: UserCtx, companies: number[]): UserCtx => ({
  ...ofCompanies(ctx, companies),
  user: { ...ctx.user, companies },
});

/** The context on the database for rows without a company. With STORE=d1 that is the whole database. */
export const ofNoCompany = <C extends Ctx>(ctx: C): C => withDatabase(ctx, ctx.db.forNoCompany());

/** Runs statements in one transaction. @returns the rows of each statement, in order */
export const batch = <const S extends Statements>({ db }: Ctx, statements: S): Promise<RowsOf<S>> =>
  db.batch(statements);

/** `IN (…)` over the caller's companies: one SQL parameter for any number of them. */
export const inCompanies = ({ user }: UserCtx): SQL =>
  sql`IN (SELECT value FROM json_each(${JSON.stringify(user.companies)}))`;

/** The Hono environment of routes behind authentication. */
export interface EmsEnv {
  Bindings: Env;
  Variables: {
    user: CurrentUser;
    ctx: UserCtx;
    /** The Idempotency-Key of a POST that uses `idempotent`, or null. */
    idempotencyKey?: string | null;
  };
}
