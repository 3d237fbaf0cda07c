import { type SQL, sql } from "drizzle-orm/sql";
import { type Database, openDatabase } from "../platform/d1/database.ts";
import type { RowsOf, Statements } from "../platform/d1/statement.ts";
import { type Config, config } from "./config.ts";
import { connectProviders, type ProviderOf } from "./providers.ts";
import type { CurrentUser } from "./user.ts";

/** What every verb gets: access to the outside world, but no request. */
export interface Ctx {
  env: Env;
  config: Config;
  /** The rows of the companies that the verb is about. */
  db: Database;
  /** The mail provider of an account. */
  providerOf: ProviderOf;
  /** Lets work outlive the answer (waitUntil). */
  defer(work: Promise<unknown>): void;
}

/** The context of a verb that a user calls. */
export interface UserCtx extends Ctx {
  user: CurrentUser;
  /** Where the caller reached the module: `https://host`, and its prefix if it has one. */
  origin: string;
}

/**
 * A context of every company, for callers that do not know yet which company they are about.
 * @param execution that of the request, queue batch or cron run
 */
export function createContext(env: Env, execution: Pick<ExecutionContext, "waitUntil">): Ctx {
  const defer = (work: Promise<unknown>) => execution.waitUntil(work);
  const settings = config(env);
  const providerOf = connectProviders(settings);
  return { env, config: settings, providerOf, defer, db: openDatabase(env, "DB", settings) };
}

const withDatabase = <C extends Ctx>(ctx: C, db: Database): C => (db === ctx.db ? ctx : { ...ctx, db });

/** The same context on the rows of these companies. */
export const ofCompanies = <C extends Ctx>(ctx: C, companies: number[]): C =>
  withDatabase(ctx, ctx.db.forCompanies(companies));

/** The same context on the rows of one company. Rows that are inserted there are in no other database. */
export const ofCompany = <C extends Ctx>(ctx: C, company: number): C =>
  withDatabase(ctx, ctx.db.forCompany(company));

/** The same context on the rows that have no company. */
export const ofNoCompany = <C extends Ctx>(ctx: C): C => withDatabase(ctx, ctx.db.forNoCompany());

/** The same context on the rows of every company. */
export const ofEveryCompany = <C extends Ctx>(ctx: C): C => withDatabase(ctx, ctx.db.forEveryCompany());

/** A context for each part of the database: a part that is down then stops no work on another. */
export const ofEachPart = (ctx: Ctx): Ctx[] => ctx.db.each().map((db) => withDatabase(ctx, db));

/**
 * Looks among all companies for a row that only one of them has.
 * @returns the row, and a context on the part of the database that has it; undefined when there is no such row
 * @throws what a part of the database threw, if no other part has the row
 */
export async function find<Row>(ctx: Ctx, statement: SQL<Row>): Promise<{ ctx: Ctx; row: Row } | undefined> {
  const found = await ctx.db.find(statement);
  return found && { ctx: withDatabase(ctx, found.db), row: found.row };
}

/**
 * Runs statements in one transaction.
 * @returns the rows of each, in order and typed by the statement
 */
export const batch = <const S extends Statements>({ db }: Ctx, statements: S): Promise<RowsOf<S>> =>
  db.batch(statements);

/** `IN (…)` for the caller's companies. It takes one parameter for any number of them. */
export const inCompanies = ({ user }: UserCtx): SQL =>
  sql`IN (SELECT value FROM json_each(${JSON.stringify(user.companies)}))`;

/** The environment of the EMS's guarded routes. */
export interface EmsEnv {
  Bindings: Env;
  Variables: {
    user: CurrentUser;
    ctx: UserCtx;
    /** Of a POST under `idempotent`: the caller's key, or null. */
    idempotencyKey?: string | null;
  };
}
