import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4WorkerOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import type { Cleanup } from "./cleanup.ts";
import { childrenOf } from "./processes.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const CONFIG = join(ROOT, "wrangler.toml");

/** High enough to have no effect. */
const REQUESTS_A_MINUTE = 10_000_000;
const MAX_ERRORS_SHOWN = 20;
/** The name of the second Worker. */
const BESIDE = "beside";

/** The secrets of a Worker under test. */
export interface Secrets {
  JWT_SECRET: string;
  NYLAS_API_KEY: string;
  NYLAS_WEBHOOK_SECRET: string;
}

export const createSecrets = (): Secrets => ({
  JWT_SECRET: randomBytes(32).toString("hex"),
  NYLAS_API_KEY: randomBytes(16).toString("hex"),
  NYLAS_WEBHOOK_SECRET: randomBytes(16).toString("hex"),
});

/** Batch settings of a queue: most messages per batch, and seconds to wait for a full batch. */
export interface BatchSetting {
  maxBatchSize: number;
  maxBatchTimeout: number;
}

/** A running Worker. */
export interface RunningWorker {
  /** Its origin, without a trailing slash. */
  url: string;
  /** The origin of the second Worker; null without one. */
  besideUrl: string | null;
  /** ws URL of the inspector of workerd; null unless requested. */
  inspectorUrl: string | null;
  /** Pid of workerd, which also simulates D1, R2 and the queues. */
  pid: number;
  /** Its database, through the binding. */
  db: D1Database;
  stop(): Promise<void>;
}

type D1Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

/**
 * Bundles the Worker as for a deployment.
 * @param options further arguments of `wrangler deploy`, such as the path of another entry
 * @param config the wrangler.toml of another Worker, whose entry must be named index.ts
 * @returns the path of the bundle, in `directory`
 * @throws Error with wrangler's output
 */
export async function bundleWorker(
  directory: string,
  options: string[] = [],
  config = CONFIG,
): Promise<string> {
  const args = [WRANGLER, "deploy", "--dry-run", "--config", config, "--outdir", directory, ...options];
  const env = { ...process.env, FORCE_COLOR: "0", WRANGLER_SEND_METRICS: "false", CI: "true" };
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...env, WRANGLER_LOG_PATH: join(directory, "logs") },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.once("exit", resolve));
  if (code !== 0) throw new Error(`The Worker could not be bundled:\n${output}`);
  return join(directory, "index.js");
}

/** The settings of the webhook queue in wrangler.toml. */
export function webhookBatching(): BatchSetting {
  const { queueConsumers } = unstable_getMiniflareWorkerOptions(CONFIG).workerOptions;
  const { maxBatchSize = 0, maxBatchTimeout = 0 } = consumersIn(queueConsumers)["xabar-webhooks"] ?? {};
  return { maxBatchSize, maxBatchTimeout };
}

/**
 * Starts the bundle in workerd, with the bindings of wrangler.toml and an empty database.
 * @param options.directory folder for its state
 * @param options.webhooks overrides the settings of the webhook queue
 * @param options.beside the bundle of a second Worker without bindings, in the same process
 * @param options.inspected whether to open the inspector of workerd
 */
export async function startWorker(
  cleanup: Cleanup,
  options: {
    bundle: string;
    directory: string;
    secrets: Secrets;
    nylasUri: string;
    webhooks?: BatchSetting;
    beside?: string;
    inspected?: boolean;
  },
): Promise<RunningWorker> {
  const miniflare = new Miniflare(miniflareOptions(options));
  const stop = cleanup.defer(() => miniflare.dispose());
  // Connect to the Worker directly. The proxy of Miniflare would be one more hop.
  const { origin: url } = await miniflare.unsafeGetDirectURL();
  const besideUrl = options.beside ? (await miniflare.unsafeGetDirectURL(BESIDE)).origin : null;
  const inspectorUrl = options.inspected ? (await miniflare.getInspectorURL()).href : null;
  const db = await miniflare.getD1Database("DB");
  await migrate(db);
  const [pid] = childrenOf(process.pid, "workerd").slice(-1);
  if (!pid) throw new Error("There is no process named workerd below this one");
  return { url, besideUrl, inspectorUrl, pid, db, stop };
}

type Options = Parameters<typeof startWorker>[1];

function miniflareOptions({ bundle, directory, secrets, nylasUri, webhooks, beside, inspected }: Options) {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(CONFIG);
  const consumers = consumersIn(workerOptions.queueConsumers);
  const queueConsumers = { ...consumers, "xabar-webhooks": { ...consumers["xabar-webhooks"], ...webhooks } };
  const xabar: V4WorkerOptions = {
    ...workerOptions,
    ...codeOf("xabar", bundle),
    bindings: { ...secrets, NYLAS_API_URI: nylasUri },
    queueConsumers,
    ratelimits: {
      RATE_LIMIT: { namespace_id: "1001", simple: { limit: REQUESTS_A_MINUTE, period: 60 } },
      OPEN_RATE_LIMIT: { namespace_id: "1002", simple: { limit: REQUESTS_A_MINUTE, period: 60 } },
    },
  };
  return convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: 0,
    ...(inspected ? { inspectorPort: 0 } : {}),
    resourcePersistencePath: directory,
    workers: beside
      ? [xabar, { ...codeOf(BESIDE, beside), compatibilityDate: String(workerOptions.compatibilityDate) }]
      : [xabar],
    cf: false,
    telemetry: { enabled: false },
    log: new Log(LogLevel.WARN),
    handleStructuredLogs: createErrorPrinter(),
  });
}

/** The code of a Worker, with its own socket. */
const codeOf = (name: string, bundle: string) => ({
  name,
  modules: [{ type: "ESModule" as const, path: bundle }],
  modulesRoot: join(bundle, ".."),
  unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
});

interface QueueConsumer extends Partial<BatchSetting> {
  maxRetries?: number;
  deadLetterQueue?: string;
}

/** Wrangler does not export the type of its options. */
function consumersIn(consumers: unknown): Record<string, QueueConsumer> {
  if (!consumers || Array.isArray(consumers)) throw new Error("wrangler.toml has no queue consumers");
  return consumers as Record<string, QueueConsumer>;
}

/** Prints the errors that the Worker logs, up to a limit. */
function createErrorPrinter() {
  let shown = 0;
  return ({ level, message }: { level: string; message: string }) => {
    if (level !== "error" && !message.includes('"level":"error"')) return;
    if (shown++ < MAX_ERRORS_SHOWN) console.error(message);
  };
}

async function migrate(db: D1Database): Promise<void> {
  const folder = join(ROOT, "migrations", "ems");
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  for (const file of files.sort()) {
    const statements = readFileSync(join(folder, file), "utf8").split("--> statement-breakpoint");
    await db.batch(statements.map((statement) => db.prepare(statement)));
  }
}
