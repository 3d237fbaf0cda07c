import { type Database, openDatabase } from "../platform/d1/database.ts";
import { retrying, runInD1 } from "../platform/d1/store.ts";
import { type Config, config } from "./config.ts";

/** What a verb gets: bindings and configuration, but no request. */
export interface Ctx {
  env: Env;
  config: Config;
  db: Database;
  /** Runs work after the response (`waitUntil`). */
  defer(work: Promise<unknown>): void;
}

/** Somebody who may use auto-mailing. */
export interface User {
  /** The Telegram id. */
  id: number;
  phone: number;
  first_name: string;
  lang: number;
  /** The last day of each subscription, as YYYY-MM-DD. */
  sender_ends_at: string | null;
  finder_ends_at: string | null;
}

/** The context of a verb about one user. */
export interface UserCtx extends Ctx {
  user: User;
}

/** @param execution of the request, cron run or object */
export const createContext = (env: Env, execution: Pick<ExecutionContext, "waitUntil">): Ctx => ({
  env,
  config: config(env),
  db: openDatabase({ main: retrying(runInD1(env.TELEGRAM_DB)) }),
  defer: (work) => execution.waitUntil(work),
});

/** The Hono environment of routes without a user. */
export interface OpenEnv {
  Bindings: Env;
  Variables: { ctx: Ctx };
}

/** The Hono environment of routes about one user. */
export interface UserEnv {
  Bindings: Env;
  Variables: { ctx: UserCtx };
}
