import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4WorkerOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { LOCAL_ENTRY } from "../../dev/wrangler.ts";
import type { Cleanup } from "./cleanup.ts";
import { childrenOf } from "./processes.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const CONFIG = join(ROOT, "wrangler.toml");

/** High enough to have no effect. */
const RATE_LIMIT = { limit: 10_000_000, period: 60 as const };
const MAX_ERRORS_SHOWN = 20;
/** The name of the second Worker. */
const BESIDE = "beside";

/** The secrets of a Worker under test. */
export interface Secrets {
  JWT_SECRET: string;
  HUB_JWT_SECRET: string;
  NYLAS_API_KEY: string;
  NYLAS_WEBHOOK_SECRET: string;
  NYLAS_CLIENT_ID: string;
  METRICS_TOKEN: string;
}

export const createSecrets = (): Secrets => ({
  JWT_SECRET: randomBytes(32).toString("hex"),
  HUB_JWT_SECRET: randomBytes(32).toString("hex"),
  NYLAS_API_KEY: randomBytes(16).toString("hex"),
  NYLAS_WEBHOOK_SECRET: randomBytes(16).toString("hex"),
  NYLAS_CLIENT_ID: "bench",
  METRICS_TOKEN: randomBytes(16).toString("hex"),
});

/** Batch settings of a queue: most messages per batch, and seconds to wait for a full batch. */
export interface BatchSetting {
  maxBatchSize: number;
  maxBatchTimeout: number;
}

/** Where companies' rows are: in D1, or in the Durable Object of each company. */
export type StoreName = "d1" | "objects";

/** A statement with its parameters. */
export interface Query {
  sql: string;
  params: unknown[];
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
  store: StoreName;
  /** Its D1 database, through the binding. */
  db: D1Database;
  /** The database of the Email Service API. */
  emailServiceDb: D1Database;
  /** The database of UzbekHub. */
  hubDb: D1Database;
  /** The database of Telegram auto-mailing. */
  telegramDb: D1Database;
  /** Runs statements in one transaction where the rows of a company are. */
  run(company: number, queries: Query[]): Promise<void>;
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
    // What the configuration says of folders is relative to where wrangler runs.
    cwd: dirname(config),
    env: { ...env, WRANGLER_LOG_PATH: join(directory, "logs") },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.once("exit", resolve));
  if (code !== 0) throw new Error(`The Worker could not be bundled:\n${output}`);
  return join(directory, "index.js");
}

/** Bundles the Worker as `npm run dev` runs it: its rate limits count in memory. @returns as `bundleWorker` */
export const bundleLocalWorker = (directory: string, options: string[] = []): Promise<string> =>
  bundleWorker(directory, [LOCAL_ENTRY, ...options]);

/** The text modules of a bundle, by name: the migrations. */
export function textsOf(bundle: string): Record<string, string> {
  const folder = dirname(bundle);
  const names = readdirSync(folder).filter((name) => /\.(sql|txt)$/.test(name));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
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
 * @param options.store where companies' rows are, by default in D1
 * @param options.beside the bundle of a second Worker without bindings, in the same process
 * @param options.objects further classes of Durable Objects that the bundle has, by binding
 * @param options.vars further variables
 * @param options.inspected whether to open the inspector of workerd
 */
export async function startWorker(
  cleanup: Cleanup,
  options: {
    bundle: string;
    directory: string;
    secrets: Secrets;
    nylasUri: string;
    store?: StoreName;
    webhooks?: BatchSetting;
    beside?: string;
    objects?: Record<string, string>;
    vars?: Record<string, string>;
    inspected?: boolean;
  },
): Promise<RunningWorker> {
  const { store = "d1" } = options;
  const others = childrenOf(process.pid, "workerd");
  const miniflare = new Miniflare(miniflareOptions(options));
  const stop = cleanup.defer(() => miniflare.dispose());
  // Connect to the Worker directly. The proxy of Miniflare would be one more hop.
  const { origin: url } = await miniflare.unsafeGetDirectURL();
  const besideUrl = options.beside ? (await miniflare.unsafeGetDirectURL(BESIDE)).origin : null;
  const inspectorUrl = options.inspected ? (await miniflare.getInspectorURL()).href : null;
  const db = await miniflare.getD1Database("DB");
  await migrate(db, "ems");
  const emailServiceDb = await miniflare.getD1Database("EMAIL_SERVICE_DB");
  await migrate(emailServiceDb, "email-service");
  const hubDb = await miniflare.getD1Database("HUB_DB");
  await migrate(hubDb, "hub");
  const telegramDb = await miniflare.getD1Database("TELEGRAM_DB");
  await migrate(telegramDb, "telegram");
  const pid = childrenOf(process.pid, "workerd").find((each) => !others.includes(each));
  if (!pid) throw new Error("There is no new process named workerd below this one");
  const hubs = (await miniflare.getDurableObjectNamespace("COMPANY_HUB")) as unknown as CompanyHubs;
  const run = async (company: number, queries: Query[]) => {
    if (store === "objects") {
      await hubs.get(hubs.idFromName(String(company))).query(queries);
    } else {
      await db.batch(queries.map(({ sql, params }) => db.prepare(sql).bind(...params)));
    }
  };
  return { url, besideUrl, inspectorUrl, pid, store, db, emailServiceDb, hubDb, telegramDb, run, stop };
}

/** What the bench needs of companies' Durable Objects: see src/ems/hub.ts. */
interface CompanyHubs {
  idFromName(name: string): unknown;
  get(id: unknown): { query(queries: Query[]): Promise<unknown> };
}

type Options = Parameters<typeof startWorker>[1];

function miniflareOptions({ bundle, directory, secrets, nylasUri, webhooks, beside, ...rest }: Options) {
  const { store = "d1", objects = {}, vars = {}, inspected } = rest;
  const { workerOptions } = unstable_getMiniflareWorkerOptions(CONFIG);
  // The scripts of the mailboxes and of Telegram do not run here.
  const { MAILBOX: _, TELEGRAM_ACCOUNT: __, ...durableObjects } = objectsIn(workerOptions.durableObjects);
  for (const [name, className] of Object.entries(objects))
    durableObjects[name] = { className, useSQLite: true };
  const consumers = consumersIn(workerOptions.queueConsumers);
  const queueConsumers = { ...consumers, "xabar-webhooks": { ...consumers["xabar-webhooks"], ...webhooks } };
  const xabar: V4WorkerOptions = {
    ...workerOptions,
    ...codeOf("xabar", bundle),
    bindings: {
      ...{ ...secrets, NYLAS_API_URI: nylasUri, STORE: store, ...vars },
      LOCAL_RATE_LIMITS: JSON.stringify({ RATE_LIMIT, OPEN_RATE_LIMIT: RATE_LIMIT }),
    },
    queueConsumers,
    durableObjects,
    ratelimits: {
      RATE_LIMIT: { namespace_id: "1001", simple: RATE_LIMIT },
      OPEN_RATE_LIMIT: { namespace_id: "1002", simple: RATE_LIMIT },
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
  modules: [
    { type: "ESModule" as const, path: bundle },
    ...Object.keys(textsOf(bundle)).map((path) => ({
      type: "Text" as const,
      path: join(dirname(bundle), path),
    })),
    ...readdirSync(dirname(bundle))
      .filter((name) => name.endsWith(".wasm"))
      .map((name) => ({ type: "CompiledWasm" as const, path: join(dirname(bundle), name) })),
  ],
  modulesRoot: dirname(bundle),
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

const objectsIn = (objects: unknown) => objects as NonNullable<V4WorkerOptions["durableObjects"]>;

/** Prints the errors that the Worker logs, up to a limit. */
function createErrorPrinter() {
  let shown = 0;
  return ({ level, message }: { level: string; message: string }) => {
    if (level !== "error" && !message.includes('"level":"error"')) return;
    if (shown++ < MAX_ERRORS_SHOWN) console.error(message);
  };
}

async function migrate(db: D1Database, module: string): Promise<void> {
  const folder = join(ROOT, "migrations", module);
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  for (const file of files.sort()) {
    const statements = readFileSync(join(folder, file), "utf8").split("--> statement-breakpoint");
    await db.batch(statements.map((statement) => db.prepare(statement)));
  }
}
