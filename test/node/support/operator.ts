import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Account, deployedVersion } from "../../../dev/cloudflare/account.ts";
import { type Cloudflare, startCloudflare } from "../../../dev/cloudflare/cloudflare.ts";
import { noFaults } from "../../../dev/cloudflare/faults.ts";
import { serve } from "../../../dev/nylas/server.ts";
import { createNylasSim, type SimSnapshot } from "../../../dev/nylas/sim.ts";
import type { DeployOptions } from "../../../ops/deploy/options.ts";
import { deploy } from "../../../ops/deploy/run.ts";

export const NYLAS_KEY = "nyk_of_a_test";
export const JWT_SECRET = "a secret of a test, long enough to be taken";
/** The key that seals what mailboxes keep secret. */
export const MAIL_KEYS = JSON.stringify([{ id: "first", key: Buffer.alloc(32, 1).toString("base64") }]);
/** Of another installation that has the same application. */
export const OLD_WEBHOOK = "https://old.example.com/webhooks/nylas";
export const URL = "https://xabar.team.workers.dev";

/** An operator with an account at Cloudflare and an application at Nylas, both stand-ins. */
export interface Operator {
  cloudflare: Cloudflare;
  /** What the environment of a command must have. */
  env: Record<string, string>;
  /** Everything that `deploy` printed. */
  printed: string[];
  /** Runs the deployment. @throws as `deploy` */
  deploy(options?: Partial<DeployOptions>): Promise<void>;
  /** What the account and the application hold, without ids and times. */
  summary(): Promise<object>;
  close(): Promise<void>;
}

export async function createOperator(account?: Account): Promise<Operator> {
  const folder = mkdtempSync(join(tmpdir(), "xabar-cloudflare-"));
  const cloudflare = await startCloudflare({ folder, ...(account ? { account } : {}) });
  const sim = createNylasSim({
    apiKey: NYLAS_KEY,
    deliver: cloudflare.visit,
    webhooks: [{ url: OLD_WEBHOOK, secret: "of another installation" }],
  });
  const nylas = await serve(
    { fetch: (request) => cloudflare.around(request, sim.fetch), tick: sim.tick },
    { port: 0 },
  );
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: folder,
    // Saves a fifth of the time of each wrangler.
    NODE_COMPILE_CACHE: join(tmpdir(), "xabar-compile-cache"),
    CLOUDFLARE_API_BASE_URL: cloudflare.apiUrl,
    CLOUDFLARE_API_TOKEN: cloudflare.account.token,
    NYLAS_API_URI: `http://127.0.0.1:${nylas.port}`,
  };
  const printed: string[] = [];
  return {
    cloudflare,
    env,
    printed,
    deploy: (options = {}) =>
      deploy({
        isDryRun: false,
        given: { ...env, JWT_SECRET, MAIL_KEYS, NYLAS_API_KEY: NYLAS_KEY },
        named: [],
        without: [],
        url: undefined,
        print: (line) => printed.push(line),
        ask: undefined,
        fetch: ((url: string) => cloudflare.visit(new Request(url))) as typeof fetch,
        waitSeconds: 60,
        ...options,
      }),
    summary: async () => {
      Object.assign(cloudflare.faults, noFaults());
      return { ...(await summaryOf(cloudflare)), webhooks: webhooksIn(sim.snapshot(), cloudflare.account) };
    },
    close: async () => {
      await Promise.all([nylas.close(), cloudflare.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The value of a secret of the deployed Worker, or of another script. */
export function secretOf({ scripts }: Account, name: string, of = "xabar"): unknown {
  const script = scripts.get(of);
  return script && deployedVersion(script)?.bindings.find((binding) => binding.name === name)?.text;
}

async function summaryOf({ account, runtime }: Cloudflare): Promise<object> {
  const databases = await Promise.all(
    [...account.databases.values()].map(async ({ uuid, name }) => ({
      name,
      migrations: await runtime.withDatabase(uuid, (sqlite) =>
        sqlite.prepare("SELECT name FROM d1_migrations ORDER BY id").all(),
      ),
    })),
  );
  const nameOf = (id: unknown) => account.databases.get(String(id))?.name;
  return {
    databases,
    buckets: [...account.buckets.values()].map(({ name, rules }) => ({ name, rules })),
    queues: [...account.queues.values()].map(({ queue_name, consumers }) => ({
      queue_name,
      consumers: consumers.map(({ consumer_id: _, ...consumer }) => consumer),
    })),
    scripts: [...account.scripts.values()].map((script) => ({
      name: script.name,
      schedules: script.schedules,
      subdomain: script.subdomain,
      classes: script.sqliteClasses,
      bindings: (deployedVersion(script)?.bindings ?? [])
        .map(({ id, ...rest }) => ({ ...rest, ...(id === undefined ? {} : { database: nameOf(id) }) }))
        // Of each operator their own.
        .map((binding) =>
          /^(NYLAS_(WEBHOOK_SECRET|API_URI)|HUB_JWT_SECRET|TELEGRAM_SESSION_KEY)$/.test(binding.name)
            ? { ...binding, text: "" }
            : binding,
        )
        .sort((a, b) => a.name.localeCompare(b.name)),
    })),
  };
}

/** The webhooks of the application, and whether the Worker knows the secret of each. */
const webhooksIn = ({ webhooks }: SimSnapshot, account: Account): object[] =>
  webhooks.map(({ webhook_url, webhook_secret, description, trigger_types }) => ({
    ...{ webhook_url, description, trigger_types },
    isSecretStored: webhook_secret === secretOf(account, "NYLAS_WEBHOOK_SECRET"),
  }));
