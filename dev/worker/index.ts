import worker, { CompanyHub as Hub } from "../../src/index.ts";
import { type Limit, MemoryRateLimit } from "./memory-rate-limit.ts";

export { ChatRoom, RateWindow, TelegramMailing } from "../../src/index.ts";

// The deployed Worker, except that rate limits count in memory: for one process on a machine of one's own.

/** The rate limits of wrangler.toml as JSON, by the name of their binding. */
interface LocalEnv extends Env {
  LOCAL_RATE_LIMITS: string;
}

/** The Worker and its Durable Objects share an isolate here, so they share the counts. */
let limits: Record<string, RateLimit> | undefined;
const known = new WeakMap<Env, Env>();

/** The Worker caches by `env`, so each one is wrapped once. */
function withLimits(env: LocalEnv): Env {
  const made = known.get(env);
  if (made) return made;
  limits ??= Object.fromEntries(
    Object.entries<Limit>(JSON.parse(env.LOCAL_RATE_LIMITS)).map(([name, limit]) => [
      name,
      new MemoryRateLimit(limit),
    ]),
  );
  const wrapped = { ...env, ...limits };
  known.set(env, wrapped);
  return wrapped;
}

/** A company's hub with these rate limits. */
export class CompanyHub extends Hub {
  constructor(state: DurableObjectState, env: Env) {
    super(state, withLimits(env as LocalEnv));
  }
}

export default {
  ...worker,
  fetch: (request, env, execution) => worker.fetch(request, withLimits(env), execution),
} satisfies ExportedHandler<LocalEnv>;
