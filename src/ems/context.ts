import { type SQL, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import type { CurrentUser } from "../auth/token.ts";
import { type Config, config } from "../env.ts";
import { nylasProvider } from "./provider/nylas.ts";
import type { MailProvider } from "./provider/port.ts";

/** What every verb of a service gets: the outside world, and no request. */
export interface Ctx {
  env: Env;
  config: Config;
  db: DrizzleD1Database;
  provider: MailProvider;
  /** Lets work outlive the answer (waitUntil). */
  defer(work: Promise<unknown>): void;
}

/** A verb that a person calls also gets to know who it is. */
export interface UserCtx extends Ctx {
  user: CurrentUser;
  /** `https://host` of the Worker as the caller reached it. */
  origin: string;
}

/** @param execution that of the request, queue batch or cron run */
export function createContext(env: Env, execution: Pick<ExecutionContext, "waitUntil">): Ctx {
  const defer = (work: Promise<unknown>) => execution.waitUntil(work);
  const settings = config(env);
  return { env, config: settings, db: drizzle(env.DB), provider: nylasProvider(settings), defer };
}

const dialect = new SQLiteAsyncDialect();

/**
 * Runs statements in one transaction. (Drizzle's own batch cannot bind the parameters of written SQL.)
 * @returns the rows of each, in order
 */
export async function batch({ env }: Ctx, statements: SQL[]): Promise<unknown[][]> {
  if (statements.length === 0) return []; // D1 refuses an empty batch
  const prepared = statements.map((statement) => {
    const query = dialect.sqlToQuery(statement);
    return env.DB.prepare(query.sql).bind(...query.params);
  });
  return (await env.DB.batch(prepared)).map(({ results }) => results);
}

/** `IN (…)` for the caller's companies: one parameter however many they are. */
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
