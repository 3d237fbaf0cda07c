import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { assertSameAnswers, NO_FASTAPI, startFastapi } from "./peers/fastapi.ts";
import { CASES, comparedPaths, READER, type Setting, UNREAD } from "./requests/cases.ts";
import { startGenerator } from "./requests/load.ts";
import { type Bench, measureTargets, type Result } from "./requests/measure.ts";
import { profileCases } from "./requests/profile.ts";
import { failuresIn, figuresOf, renderConditions, renderResults } from "./requests/report.ts";
import { type Target, urlOf } from "./requests/target.ts";
import { type Cleanup, cleaningUp } from "./support/cleanup.ts";
import { fillMailbox, readAllBut } from "./support/fill.ts";
import { signToken } from "./support/tenant.ts";
import {
  bundleLocalWorker,
  bundleWorker,
  createSecrets,
  type RunningWorker,
  type StoreName,
  startWorker,
} from "./support/worker.ts";

interface Options {
  /** Where companies' rows are, for each version of Xabar to measure. */
  stores: StoreName[];
  /** Processes of each target. Xabar's have a company each. */
  processes: number;
  /** How often each case runs on each target. */
  turns: number;
  /** Duration of each run of a case. */
  seconds: number;
  /** Requests in progress at a time. */
  concurrency: number;
  /** Messages in all filled mailboxes. */
  messages: number;
  /** Names of cases, or parts of them. Undefined for all cases. */
  only: string | undefined;
  /** Whether to measure the other implementation as well. */
  peers: boolean;
  /** Folder for CPU profiles, which replace the measurement. */
  profile: string | undefined;
  /** File for the results as JSON. */
  json: string | undefined;
}

const STORES: StoreName[] = ["d1", "objects"];
const BARE = fileURLToPath(new URL("support/bare/wrangler.toml", import.meta.url));
/** An unused port, since these requests do not need the provider. */
const NO_NYLAS = "http://127.0.0.1:1";

/**
 * `requests`: measures throughput, latency and CPU of the main reads, webhooks and ingest, compared with a bare Hono
 * route in a workerd of the first version. With `--profile`, profiles the CPU of the last one instead.
 * @returns 0, or 1 if a request failed
 */
export async function run(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (options.profile) return profile(options, options.profile);
  const targets = await cleaningUp((cleanup, directory) => measure(cleanup, directory, options));
  const results = targets.flat();
  console.log(`
${options.concurrency} connections with one request each, ${options.seconds} s per case after 1 s of warm-up, ${options.turns} turns, medians; ${options.processes} processes of each
target, with a company and a mailbox of ${options.messages / options.processes} messages each; ${cpus().length} cores. Times in ms; CPU in µs per request, of
all processes of a target. "To bare" is the ratio to a bare Hono route in workerd, with the same method, headers and
body, measured just before and after.
The CPU of Xabar is that of workerd, which simulates D1, R2 and queues on the same thread. The rate limit counts in memory, as
under npm run dev. With D1 each round trip, even a read, is a transaction synced to disk. With objects only a write is.
A TMPDIR on tmpfs avoids the disk (now: ${tmpdir()}).
While webhooks are measured, the queue consumer runs as well. "ingest" runs from the first notification until the last
message can be read; its requests are messages, and its latency is that of the 200s.

${renderResults(targets)}

${renderConditions(results)}
`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(toJson(options, results), null, 2)}\n`);
  const failures = failuresIn(results);
  for (const failure of failures) console.error(failure);
  return failures.length ? 1 : 0;
}

const toJson = (options: Options, results: Result[]) => ({
  options,
  results: results.map((result) => ({ ...result, figures: figuresOf(result) })),
});

const settingOf = ({ processes, messages, seconds }: Options): Setting => ({
  ...{ secrets: createSecrets(), seconds, messages: messages / processes },
  companies: Array.from({ length: processes }, (_, nth) => nth + 1),
});

const casesOf = ({ only }: Options) =>
  CASES.filter(({ name }) => only === undefined || only.split(",").some((part) => name.includes(part)));

/** @returns the results by target, Xabar first */
async function measure(cleanup: Cleanup, directory: string, options: Options): Promise<Result[][]> {
  const { concurrency, turns } = options;
  const setting = settingOf(options);
  console.error("Bundling the Worker …");
  const bundle = await bundleLocalWorker(join(directory, "bundle"));
  const beside = await bundleWorker(join(directory, "bare"), [], BARE);
  const workers: RunningWorker[][] = [];
  for (const store of options.stores) {
    workers.push(await startWorkers(cleanup, directory, setting, { bundle, store, beside }));
  }
  const targets = workers.map(targetOf);
  const bare = { ...targetOf(workers[0] ?? []), name: "bare" };
  bare.urls = (workers[0] ?? []).map(({ besideUrl }) => besideUrl ?? "");
  // Compare before the Worker receives messages that the peer lacks.
  const peer = options.peers ? await startPeer(cleanup, directory, targets, setting) : undefined;
  const bench: Bench = { generator: startGenerator(cleanup), bare, setting, concurrency, turns };
  return measureTargets(bench, [...targets, ...(peer ? [peer] : [])], casesOf(options));
}

async function profile(options: Options, folder: string): Promise<number> {
  mkdirSync(folder, { recursive: true });
  return cleaningUp(async (cleanup, directory) => {
    const setting = settingOf({ ...options, processes: 1 });
    const bundle = await bundleLocalWorker(join(directory, "bundle"), ["--no-minify"]);
    const store = options.stores.at(-1) ?? "d1";
    const workers = await startWorkers(cleanup, directory, setting, { bundle, store, inspected: true });
    return profileCases({
      ...{ inspectorUrl: workers[0]?.inspectorUrl ?? "", target: targetOf(workers), setting, bundle, folder },
      ...{ generator: startGenerator(cleanup), cases: casesOf(options), concurrency: options.concurrency },
    });
  });
}

const targetOf = (workers: RunningWorker[]): Target => ({
  name: `Xabar (${workers[0]?.store})`,
  urls: workers.map(({ url }) => url),
  pids: () => workers.map(({ pid }) => pid),
});

/** Starts a Worker for each company, and fills its mailbox. */
async function startWorkers(
  cleanup: Cleanup,
  directory: string,
  { secrets, companies, messages }: Setting,
  options: { bundle: string; store: StoreName; beside?: string; inspected?: boolean },
): Promise<RunningWorker[]> {
  const workers: RunningWorker[] = [];
  for (const company of companies) {
    const state = join(directory, `${options.store}-${company}`);
    mkdirSync(state);
    const worker = await startWorker(cleanup, { ...options, directory: state, secrets, nylasUri: NO_NYLAS });
    console.error(`Filling a mailbox with ${messages} messages (${options.store}) …`);
    await readAllBut(worker, await fillMailbox(worker, company, messages), READER, UNREAD);
    workers.push(worker);
  }
  return workers;
}

/**
 * Starts the peer with as many processes, fills its mailboxes with the same messages, and compares responses.
 * @returns undefined if it is not installed
 */
async function startPeer(cleanup: Cleanup, directory: string, targets: Target[], setting: Setting) {
  const { secrets, companies, messages } = setting;
  const state = join(directory, "fastapi");
  mkdirSync(state);
  const peer = await startFastapi(cleanup, { directory: state, workers: companies.length, secrets });
  if (!peer) {
    console.error(NO_FASTAPI);
    return undefined;
  }
  console.error(`${peer.name}: filling its mailboxes with ${messages} messages each …`);
  for (const company of companies) {
    await peer.fill(company, messages);
    await peer.readAllBut(company, READER, UNREAD);
    const token = await signToken(secrets, READER, company);
    for (const target of targets) {
      const servers: [string, string] = [urlOf(target, company), urlOf(peer, company)];
      await assertSameAnswers(servers, token, comparedPaths(company, messages));
    }
  }
  return peer;
}

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      store: { type: "string", default: STORES.join() },
      processes: { type: "string", default: "1" },
      turns: { type: "string", default: "1" },
      only: { type: "string" },
      seconds: { type: "string", default: "5" },
      concurrency: { type: "string", default: "16" },
      messages: { type: "string", default: "100000" },
      peers: { type: "boolean", default: false },
      profile: { type: "string" },
      json: { type: "string" },
    },
  });
  const number = (name: "seconds" | "concurrency" | "messages" | "processes" | "turns") => {
    const value = Number(values[name]);
    if (!(value > 0)) throw new Error(`--${name} must be more than 0, not "${values[name]}"`);
    return name === "seconds" ? value : Math.ceil(value);
  };
  const stores = STORES.filter((store) => values.store.split(",").includes(store));
  if (stores.length === 0) throw new Error(`--store must be ${STORES.join(" or ")}, not "${values.store}"`);
  const processes = number("processes");
  return {
    ...{ stores, processes, turns: number("turns"), seconds: number("seconds") },
    ...{
      concurrency: number("concurrency"),
      messages: Math.ceil(number("messages") / processes) * processes,
    },
    ...{ only: values.only, peers: values.peers, profile: values.profile, json: values.json },
  };
}
