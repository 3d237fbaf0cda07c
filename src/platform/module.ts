import type { Hono } from "hono";

/**
 * One API with what works behind it. Mounting it takes one line in src/app.ts; a Durable Object class also has to be
 * exported by src/index.ts.
 */
export interface Module {
  /** Names it in `MODULES` and in the log. */
  name: string;
  /** True for the paths of its contract, without a prefix. Cheap: the module need not be loaded to tell. */
  owns(path: string): boolean;
  /** Its routes: a module that is not always needed is imported here, on first use. */
  // biome-ignore lint/suspicious/noExplicitAny: the platform does not look into a module's variables
  app(): Promise<Hono<any>>;
  /** Consumers by the names of the module's queues. */
  queues: Record<string, () => Promise<ExportedHandlerQueueHandler<Env>>>;
  /** What it does at each run of the cron trigger. */
  scheduled(env: Env, execution: ExecutionContext): Promise<void>;
  /** Its part of `GET /health`. */
  health: Record<string, unknown>;
}
