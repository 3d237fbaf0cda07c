import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { unstable_readConfig } from "wrangler";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "wrangler.toml");
/** For the time of a deployment without some engines. Beside wrangler.toml, whose paths are relative to it. */
const REDUCED = join(ROOT, "wrangler.reduced.toml");

/** What a wrangler.toml says of its script, as far as its deployment depends on it. */
export interface Worker {
  name: string;
  /** The path of its wrangler.toml. */
  config: string;
  /** The last word of an engine's name: a script that the Worker calls, and that has no address. Null for the Worker. */
  engine: string | null;
  /** The names of the scripts whose Durable Objects it binds. */
  calls: string[];
  account: string | undefined;
  databases: { name: string; binding: string; migrations: string }[];
  buckets: string[];
  /** All queues, those for dead letters too. */
  queues: string[];
  vars: Record<string, unknown>;
  /** Whether it is reached by workers.dev. */
  isOnWorkersDev: boolean;
}

/** The fields of wrangler's configuration that are read here: it does not export the type. */
interface Config {
  name?: string;
  account_id?: string;
  d1_databases: { binding: string; database_name?: string; migrations_dir?: string }[];
  r2_buckets: { bucket_name?: string | symbol }[];
  queues: { producers?: { queue?: string }[]; consumers?: { queue: string; dead_letter_queue?: string }[] };
  vars: Record<string, unknown>;
  durable_objects: { bindings: { script_name?: string }[] };
  workers_dev?: boolean;
  routes?: unknown[];
  route?: unknown;
}

/** @throws Error if the wrangler.toml cannot be read */
export function readWorker(path = MAIN): Worker {
  const config: Config = unstable_readConfig({ config: path });
  const { name, account_id, d1_databases, r2_buckets, queues, vars, workers_dev, routes, route } = config;
  const scripts = config.durable_objects.bindings.flatMap(({ script_name }) => script_name ?? []);
  const { producers = [], consumers = [] } = queues;
  const named = [...producers, ...consumers].flatMap((each) => [
    each.queue,
    "dead_letter_queue" in each ? each.dead_letter_queue : undefined,
  ]);
  return {
    name: name ?? "",
    config: path,
    engine: path === MAIN ? null : (name?.split("-").at(-1) ?? ""),
    calls: [...new Set(scripts.filter((script) => script !== name))],
    account: account_id,
    databases: d1_databases.map(({ binding, database_name = "", migrations_dir = "" }) => ({
      binding,
      name: database_name,
      migrations: join(dirname(path), migrations_dir),
    })),
    buckets: r2_buckets.flatMap(({ bucket_name }) => (typeof bucket_name === "string" ? bucket_name : [])),
    queues: [...new Set(named.filter((each) => typeof each === "string"))],
    vars,
    isOnWorkersDev: workers_dev ?? (routes ?? route) === undefined,
  };
}

/**
 * The engines that the Worker calls.
 * @throws Error if there is no wrangler.toml for one of them
 */
export function readEngines({ calls }: Worker): Worker[] {
  const all = globSync(join(ROOT, "src/*/wrangler.toml")).map(readWorker);
  return calls.map((script) => {
    const found = all.find(({ name }) => name === script);
    if (!found)
      throw new Error(`wrangler.toml binds the script ${script}, which no src/*/wrangler.toml names.`);
    return found;
  });
}

/**
 * Runs work with a configuration of the Worker that does not bind some engines: Cloudflare refuses to deploy one that
 * binds a script which is not there.
 * @param work gets the path of the configuration
 */
export async function withoutEngines<T>(engines: Worker[], work: (config: string) => Promise<T>): Promise<T> {
  if (engines.length === 0) return work(MAIN);
  const names = engines.map(({ name }) => name);
  const tables = readFileSync(MAIN, "utf8").split(/^(?=\[)/m);
  const isKept = (table: string) => !names.some((name) => table.includes(`script_name = "${name}"`));
  writeFileSync(REDUCED, tables.filter(isKept).join(""));
  try {
    return await work(REDUCED);
  } finally {
    rmSync(REDUCED);
  }
}
