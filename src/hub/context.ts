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

/** A language of mails. */
export type Language = "uz" | "ru" | "en";

/** Who is signed in. */
export interface Viewer {
  id: number;
  isStaff: boolean;
  sessionId: string;
}

/** The context of a verb that anybody calls. */
export interface OpenCtx extends Ctx {
  /** The module's public base URL: `https://host`, plus its prefix if it has one. */
  origin: string;
  /** Where the request came from: an IPv4 address, or the /64 of an IPv6 address. */
  address: string;
  language: Language;
  /** Who is signed in, if anybody. */
  user?: Viewer;
}

/** The context of a verb for somebody who is signed in. */
export interface UserCtx extends OpenCtx {
  user: Viewer;
}

/** @param execution of the request, queue batch or cron run */
export const createContext = (env: Env, execution: Pick<ExecutionContext, "waitUntil">): Ctx => ({
  env,
  config: config(env),
  db: openDatabase({ main: retrying(runInD1(env.HUB_DB)) }),
  defer: (work) => execution.waitUntil(work),
});

/** The Hono environment of this module's open routes. */
export interface OpenEnv {
  Bindings: Env;
  Variables: { ctx: OpenCtx };
}

/** The Hono environment of this module's other routes. */
export interface HubEnv {
  Bindings: Env;
  Variables: { ctx: UserCtx };
}
