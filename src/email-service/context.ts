import { type Database, openDatabase } from "../platform/d1/database.ts";
import { retrying, runInD1 } from "../platform/d1/store.ts";
import type { Caller } from "./caller.ts";
import { type Config, config } from "./config.ts";

/** What a verb gets: bindings and configuration, but no request. */
export interface Ctx {
  env: Env;
  config: Config;
  db: Database;
  /** Runs work after the response (`waitUntil`). */
  defer(work: Promise<unknown>): void;
}

/** The context of a verb that a user calls. */
export interface UserCtx extends Ctx {
  caller: Caller;
  /** The module's public base URL: `https://host`, plus its prefix if it has one. */
  origin: string;
}

/** @param execution of the request, queue batch or cron run */
export const createContext = (env: Env, execution: Pick<ExecutionContext, "waitUntil">): Ctx => ({
  env,
  config: config(env),
  db: openDatabase({ main: retrying(runInD1(env.EMAIL_SERVICE_DB)) }),
  defer: (work) => execution.waitUntil(work),
});

/** The Hono environment of this module's routes. */
export interface EmailEnv {
  Bindings: Env;
  Variables: {
    /** Set once the token is verified. */
    caller: Caller;
    ctx: UserCtx;
    /** The Idempotency-Key of a POST that reads it, or null. */
    idempotencyKey?: string | null;
  };
}
