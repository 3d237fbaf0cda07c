import { type SQL, sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import { allShards, MAIN, openShards, shardsOf } from "../platform/d1/placement.ts";
import { type Config, config } from "./config.ts";
import { nylasProvider } from "./provider/nylas/client.ts";
import type { MailProvider } from "./provider/port.ts";
import type { CurrentUser } from "./user.ts";

/** What every verb of a service gets: the outside world, and no request. */
export interface Ctx {
  env: Env;
  config: Config;
  /** The databases that this is about, by their bindings; nearly always one. */
  shards: string[];
  /** What is in these. */
  d1: D1Database;
  db: DrizzleD1Database;
  provider: MailProvider;
  /** Lets work outlive the answer (waitUntil). */
  defer(work: Promise<unknown>): void;
}

/** A verb that a person calls also gets to know who it is. */
export interface UserCtx extends Ctx {
  user: CurrentUser;
  /** Where the caller reached the module: `https://host`, and its prefix if it has one. */
  origin: string;
}

/**
 * A context of all databases: nobody has said yet which company it is about.
 * @param execution that of the request, queue batch or cron run
 */
export function createContext(env: Env, execution: Pick<ExecutionContext, "waitUntil">): Ctx {
  const defer = (work: Promise<unknown>) => execution.waitUntil(work);
  const settings = config(env);
  const provider = nylasProvider(settings);
  return { env, config: settings, provider, defer, ...databases(env, allShards(settings)) };
}

function databases(env: Env, shards: string[]): Pick<Ctx, "shards" | "d1" | "db"> {
  const d1 = openShards(env, shards);
  return { shards, d1, db: drizzle(d1) };
}

const onShards = <C extends Ctx>(ctx: C, shards: string[]): C =>
  shards.join() === ctx.shards.join() ? ctx : { ...ctx, ...databases(ctx.env, shards) };

/** The same context where the mail of these companies is. */
export const ofCompanies = <C extends Ctx>(ctx: C, companies: number[]): C =>
  onShards(ctx, shardsOf(ctx.config, companies));

/** The same context where one company's mail is: what is inserted there goes nowhere else. */
export const ofCompany = <C extends Ctx>(ctx: C, company: number): C => ofCompanies(ctx, [company]);

/** The same context for what belongs to no company. */
export const ofNoCompany = <C extends Ctx>(ctx: C): C => onShards(ctx, [MAIN]);

/** A context for each database that there is. */
export const ofEachShard = (ctx: Ctx): Ctx[] => allShards(ctx.config).map((shard) => onShards(ctx, [shard]));

/** The same context for what must be asked of all companies. */
export const ofEveryCompany = <C extends Ctx>(ctx: C): C => onShards(ctx, allShards(ctx.config));

/**
 * Looks for what is in one database only, in each of them.
 * @returns what the statement found, and the context of where; undefined when it is nowhere
 * @throws what a database threw, unless another has it: one that is down holds up no company but its own
 */
export async function seek<Row>(anywhere: Ctx, statement: SQL): Promise<{ ctx: Ctx; row: Row } | undefined> {
  const looked = await Promise.allSettled(
    ofEachShard(anywhere).map(async (ctx) => {
      const [row] = await ctx.db.all<Row>(statement);
      return row && { ctx, row };
    }),
  );
  const found = looked.flatMap((each) => (each.status === "fulfilled" && each.value ? [each.value] : []));
  const failed = looked.find((each) => each.status === "rejected");
  if (!found[0] && failed) throw failed.reason;
  return found[0];
}

const dialect = new SQLiteAsyncDialect();

/**
 * Runs statements in one transaction. (Drizzle's own batch cannot bind the parameters of written SQL.)
 * @returns the rows of each, in order
 */
export async function batch({ d1 }: Ctx, statements: SQL[]): Promise<unknown[][]> {
  if (statements.length === 0) return []; // D1 refuses an empty batch
  const prepared = statements.map((statement) => {
    const query = dialect.sqlToQuery(statement);
    return d1.prepare(query.sql).bind(...query.params);
  });
  return (await d1.batch(prepared)).map(({ results }) => results);
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
