import { fileURLToPath } from "node:url";
import { unstable_readConfig } from "wrangler";

const CONFIG = fileURLToPath(new URL("../../wrangler.toml", import.meta.url));

/** What wrangler.toml says of the Worker, as far as its deployment depends on it. */
export interface Worker {
  name: string;
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
  workers_dev?: boolean;
  routes?: unknown[];
  route?: unknown;
}

/** @throws Error if wrangler.toml cannot be read */
export function readWorker(): Worker {
  const config: Config = unstable_readConfig({ config: CONFIG });
  const { name, account_id, d1_databases, r2_buckets, queues, vars, workers_dev, routes, route } = config;
  const { producers = [], consumers = [] } = queues;
  const named = [...producers, ...consumers].flatMap((each) => [
    each.queue,
    "dead_letter_queue" in each ? each.dead_letter_queue : undefined,
  ]);
  return {
    name: name ?? "",
    account: account_id,
    databases: d1_databases.map(({ binding, database_name = "", migrations_dir = "" }) => ({
      binding,
      name: database_name,
      migrations: fileURLToPath(new URL(`../../${migrations_dir}`, import.meta.url)),
    })),
    buckets: r2_buckets.flatMap(({ bucket_name }) => (typeof bucket_name === "string" ? bucket_name : [])),
    queues: [...new Set(named.filter((each) => typeof each === "string"))],
    vars,
    isOnWorkersDev: workers_dev ?? (routes ?? route) === undefined,
  };
}
