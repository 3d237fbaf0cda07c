import { platformConfig } from "./config.ts";
import type { Parts } from "./health.ts";

/**
 * One API with its queues and cron work. To mount it, add a line to src/app.ts. Its Durable Object classes must also be
 * exported from src/index.ts.
 */
export interface Module {
  /** The name in `MODULES` and in the log. */
  name: string;
  /** True for the paths of its contract, without a prefix. Must not load the module. */
  owns(path: string): boolean;
  /** Returns what answers requests. A module that is not always needed is imported here, on first use. */
  app(): Promise<App>;
  /** The consumers of the module's queues, by queue name. */
  queues: Record<string, () => Promise<ExportedHandlerQueueHandler<Env>>>;
  /** Runs on each cron trigger. */
  scheduled(env: Env, execution: ExecutionContext): Promise<void>;
  /** Its fields in `GET /health`. */
  health: Record<string, unknown>;
  /** Its parts as far as the configuration tells. Must ask nothing, since anyone may call it. */
  configured?(env: Env): Parts;
  /** Asks its parts whether they work. */
  probe?(env: Env, execution: Pick<ExecutionContext, "waitUntil">): Promise<Parts>;
  /** Its metrics in Prometheus's text format, from a bounded number of rows. */
  metrics?(env: Env, execution: Pick<ExecutionContext, "waitUntil">): Promise<string>;
}

/** What answers requests, such as a Hono app. */
interface App {
  fetch(request: Request, env: Env, execution: ExecutionContext): Response | Promise<Response>;
}

/** The modules that `MODULES` does not switch off. */
export const enabledOf = (modules: Module[], env: Env): Module[] =>
  modules.filter(({ name }) => platformConfig(env).MODULES[name] !== false);
