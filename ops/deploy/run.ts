import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { signIn } from "../cloudflare.ts";
import { runWrangler } from "../wrangler.ts";
import { changes, type DeployOptions } from "./options.ts";
import {
  applyMigrations,
  ensureBuckets,
  ensureDatabases,
  ensureQueues,
  requireSubdomain,
} from "./resources.ts";
import { collectEngineSecrets, collectSecrets } from "./secrets.ts";
import { ensureWebhook, hasWebhookSecret } from "./webhook.ts";
import { readEngines, readWorker, type Worker, withoutEngines } from "./worker.ts";

/**
 * Brings the account to what wrangler.toml asks for, step by step. Each step first looks at what is there, so that a run
 * after a failure goes on where that one ended.
 * @throws Error with one sentence that says what to do
 */
export async function deploy(options: DeployOptions): Promise<void> {
  const { given, isDryRun, print } = options;
  const worker = readWorker();
  const { engines, left } = enginesOf(worker, options);
  const cloudflare = await signIn(given, worker.account);
  const env = { ...given, CLOUDFLARE_ACCOUNT_ID: cloudflare.account };
  const change = changes(options);
  const resources = { cloudflare, worker, change };

  await requireSubdomain(resources);
  const ids = await ensureDatabases(resources);
  for (const script of [worker, ...engines]) {
    await ensureBuckets({ ...resources, worker: script });
    await ensureQueues({ ...resources, worker: script });
  }
  const engineSecrets = new Map<Worker, Record<string, string>>();
  for (const engine of engines)
    engineSecrets.set(engine, (await collectEngineSecrets(cloudflare, engine, options)).missing);
  const secrets = await collectSecrets(cloudflare, worker, options);
  await applyMigrations(resources, ids, env);
  // First: Cloudflare refuses a Worker that binds a script which is not there.
  for (const [engine, missing] of engineSecrets)
    await change(`deploy the script ${engine.name}`, () => deployScript(engine.config, env, missing));

  // Always: wrangler uploads the code before it sets up cron and consumers, so the code alone does not show the end.
  let targets: string[] = [];
  await change(`deploy the Worker ${worker.name}`, async () => {
    targets = await withoutEngines(left, (config) => deployScript(config, env, secrets.missing));
  });
  if (isDryRun && !hasWebhookSecret(secrets)) print("would register the webhook at Nylas");
  if (isDryRun) return;
  const url = (options.url ?? urlAmong(targets)).replace(/\/$/, "");
  await waitForHealth(url, options);
  await ensureWebhook(cloudflare, worker, secrets, url, options);
  print(`Xabar answers at ${url}`);
}

/** The engines to deploy, and those to leave out. @throws Error when `without` names none */
function enginesOf(worker: Worker, { without }: DeployOptions): { engines: Worker[]; left: Worker[] } {
  const all = readEngines(worker);
  const names = all.flatMap(({ engine }) => engine ?? []);
  const unknown = without.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Error(`--without ${unknown} names no engine: there are ${names.join(", ")}.`);
  const isLeft = ({ engine }: Worker) => without.includes(engine ?? "");
  return { engines: all.filter((each) => !isLeft(each)), left: all.filter(isLeft) };
}

/** @returns where wrangler deployed it to, in wrangler's words */
async function deployScript(
  config: string,
  env: Record<string, string | undefined>,
  secrets: Record<string, string>,
): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "xabar-deploy-"));
  try {
    const report = join(folder, "report.ndjson");
    const file = join(folder, "secrets.json");
    writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
    const withSecrets = Object.keys(secrets).length > 0 ? ["--secrets-file", file] : [];
    await runWrangler(["deploy", "-c", config, ...withSecrets], {
      ...env,
      WRANGLER_OUTPUT_FILE_PATH: report,
    });
    const lines = readFileSync(report, "utf8").trim().split("\n");
    return lines.flatMap((line) => (JSON.parse(line) as { targets?: string[] }).targets ?? []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The address among what wrangler reports, such as `mail.example.com (custom domain)`, `https://xabar.team.workers.dev`
 * or `mail.example.com/* (zone name: example.com)`.
 * @throws Error if there is none
 */
export function urlAmong(targets: string[]): string {
  const own = targets.flatMap((target) => /^([\w.-]+)(\/\*)? \((custom domain|zone)/.exec(target)?.[1] ?? []);
  const workersDev = targets.find((target) => target.startsWith("https://"));
  if (own[0]) return `https://${own[0]}`;
  if (workersDev) return workersDev;
  throw new Error("The Worker has no address that wrangler reports: run npm run deploy -- --url https://….");
}

/** @throws Error when there is no healthy answer in time, or when the Worker refuses a secret */
export async function waitForHealth(
  url: string,
  { fetch, waitSeconds }: Pick<DeployOptions, "fetch" | "waitSeconds">,
): Promise<void> {
  const deadline = Date.now() + waitSeconds * 1000;
  let last: string | undefined;
  do {
    if (last !== undefined) await sleep(1000);
    last = await askHealth(url, fetch);
  } while (last !== undefined && Date.now() < deadline);
  if (last === undefined) return;
  throw new Error(
    `${url}/health is not well (${last}): a new address needs some minutes; run npm run deploy again, then look at npx wrangler tail.`,
  );
}

/** @returns what is wrong; undefined for a healthy answer. @throws Error when the Worker refuses a secret */
async function askHealth(url: string, fetch: DeployOptions["fetch"]): Promise<string | undefined> {
  let health: { status?: string; refused_secrets?: string[] } | null;
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(20_000) });
    health = await response.json().catch(() => null);
    if (!response.ok || health?.status !== "healthy") return `status ${response.status}`;
  } catch (error) {
    return (error as Error).message;
  }
  const { refused_secrets: refused = [] } = health;
  if (refused.length === 0) return undefined;
  const puts = refused.map((name) => `npx wrangler secret put ${name}`).join(" and ");
  throw new Error(`The Worker refuses ${refused.join(", ")}, public or too short: run ${puts}.`);
}
