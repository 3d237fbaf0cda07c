import { readdirSync } from "node:fs";
import { type Cloudflare, Refused } from "../cloudflare.ts";
import { runWrangler } from "../wrangler.ts";
import type { Change } from "./options.ts";
import type { Worker } from "./worker.ts";

interface Resources {
  cloudflare: Cloudflare;
  worker: Worker;
  change: Change;
}

/** @throws Error if the account has no address below workers.dev, and the Worker needs it */
export async function requireSubdomain({ cloudflare, worker }: Resources): Promise<void> {
  if (!worker.isOnWorkersDev) return;
  const found = await absentFor(10007, cloudflare.call("GET", "/workers/subdomain"));
  if (found) return;
  const page = `https://dash.cloudflare.com/${cloudflare.account}/workers/onboarding`;
  throw new Error(
    `Choose a workers.dev subdomain for your account at ${page}, then run npm run deploy again.`,
  );
}

/** Finds or makes the databases. @returns their ids by name; none in a dry run that would make one */
export async function ensureDatabases({
  cloudflare,
  worker,
  change,
}: Resources): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const { name } of worker.databases) {
    const found = await absentFor(7404, cloudflare.call<{ uuid: string }>("GET", `/d1/database/${name}`));
    if (found) ids.set(name, found.uuid);
    if (found) continue;
    await change(`create the D1 database ${name}`, async () => {
      const { uuid } = await cloudflare.call<{ uuid: string }>("POST", "/d1/database", { name });
      ids.set(name, uuid);
    });
  }
  return ids;
}

const DAY = 86_400;
const after = (days: number) => ({ condition: { type: "Age", maxAge: days * DAY } });

/**
 * Rules of the bucket, beside those of the operator. The Worker deletes its objects itself; these catch what it misses.
 * Only what no row refers to for longer may be in them: see docs/storage.md for how long each is kept.
 */
export const LIFECYCLE_RULES = [
  {
    id: "xabar-abort-unfinished-uploads",
    enabled: true,
    conditions: { prefix: "" },
    abortMultipartUploadsTransition: after(1),
  },
  {
    id: "xabar-expire-notifications",
    enabled: true,
    conditions: { prefix: "notifications/" },
    deleteObjectsTransition: after(45),
  },
  {
    id: "xabar-expire-idempotency",
    enabled: true,
    conditions: { prefix: "idempotency/" },
    deleteObjectsTransition: after(7),
  },
];

/** Finds or makes the buckets, and adds the rules that they lack. */
export async function ensureBuckets({ cloudflare, worker, change }: Resources): Promise<void> {
  for (const name of worker.buckets) {
    const path = `/r2/buckets/${name}`;
    let isThere = (await absentFor(10006, cloudflare.call("GET", path))) !== undefined;
    if (!isThere) {
      const create = () => cloudflare.call("POST", "/r2/buckets", { name });
      isThere = await change(`create the R2 bucket ${name}`, create);
    }
    const { rules = [] }: { rules?: { id: string }[] } = isThere
      ? await cloudflare.call("GET", `${path}/lifecycle`)
      : {};
    const missing = LIFECYCLE_RULES.filter(({ id }) => !rules.some((rule) => rule.id === id));
    if (missing.length === 0) continue;
    await change(`add ${missing.length} lifecycle rules to the bucket ${name}`, () =>
      cloudflare.call("PUT", `${path}/lifecycle`, { rules: [...rules, ...missing] }),
    );
  }
}

/** Finds or makes all queues. Wrangler would make none for dead letters. */
export async function ensureQueues({ cloudflare, worker, change }: Resources): Promise<void> {
  const found = await cloudflare.list<{ queue_name: string }>("/queues");
  for (const queue_name of worker.queues) {
    if (found.some((queue) => queue.queue_name === queue_name)) continue;
    await change(`create the queue ${queue_name}`, () => cloudflare.call("POST", "/queues", { queue_name }));
  }
}

/** Applies the migrations that a database lacks. */
export async function applyMigrations(
  { cloudflare, worker, change }: Resources,
  ids: Map<string, string>,
  env: Record<string, string | undefined>,
): Promise<void> {
  for (const { name, binding, migrations } of worker.databases) {
    const id = ids.get(name);
    const applied = id === undefined ? [] : await appliedMigrations(cloudflare, id);
    const missing = readdirSync(migrations).filter(
      (file) => file.endsWith(".sql") && !applied.includes(file),
    );
    if (missing.length === 0) continue;
    await change(`apply ${missing.length} migrations to the database ${name}`, () =>
      runWrangler(["d1", "migrations", "apply", binding, "--remote"], env),
    );
  }
}

async function appliedMigrations(cloudflare: Cloudflare, id: string): Promise<string[]> {
  const select = async (sql: string) => {
    const [table] = await cloudflare.call<{ results: { name: string }[] }[]>(
      "POST",
      `/d1/database/${id}/query`,
      {
        sql,
      },
    );
    return (table?.results ?? []).map((row) => row.name);
  };
  const [table] = await select("SELECT name FROM sqlite_master WHERE name = 'd1_migrations'");
  return table === undefined ? [] : select("SELECT name FROM d1_migrations");
}

/** @returns undefined if Cloudflare says with this code that there is none */
export async function absentFor<Result>(code: number, call: Promise<Result>): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Refused && error.codes.includes(code)) return undefined;
    throw error;
  }
}
