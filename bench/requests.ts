import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { assertSameAnswers, NO_FASTAPI, startFastapi } from "./peers/fastapi.ts";
import { CASES, COMPANY, comparedPaths, READER, type Setting, UNREAD } from "./requests/cases.ts";
import { type Generator, startGenerator } from "./requests/load.ts";
import { type Bench, measureTarget, type Result } from "./requests/measure.ts";
import { profileCases } from "./requests/profile.ts";
import { failuresIn, figuresOf, renderConditions, renderResults } from "./requests/report.ts";
import type { Target } from "./requests/target.ts";
import { type Cleanup, cleaningUp } from "./support/cleanup.ts";
import { fillMailbox, readAllBut } from "./support/fill.ts";
import { signToken } from "./support/tenant.ts";
import { bundleWorker, createSecrets, type RunningWorker, startWorker } from "./support/worker.ts";

interface Options {
  /** Duration of each case. */
  seconds: number;
  /** Requests in progress at a time. */
  concurrency: number;
  /** Messages in the filled mailbox. */
  messages: number;
  /** Whether to measure the other implementation as well. */
  peers: boolean;
  /** Folder for CPU profiles, which replace the measurement. */
  profile: string | undefined;
  /** File for the results as JSON. */
  json: string | undefined;
}

const BARE = fileURLToPath(new URL("support/bare/wrangler.toml", import.meta.url));
/** An unused port, since these requests do not need the provider. */
const NO_NYLAS = "http://127.0.0.1:1";

/**
 * `requests`: measures throughput, latency and CPU of the main reads, webhooks and ingest, compared with a bare Hono
 * route in the same workerd. With `--profile`, profiles the CPU instead.
 * @returns 0, or 1 if a request failed
 */
export async function run(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (options.profile) return profile(options, options.profile);
  const targets = await cleaningUp((cleanup, directory) => measure(cleanup, directory, options));
  const results = targets.flat();
  console.log(`
${options.concurrency} connections with one request each, ${options.seconds} s per case after 1 s of warm-up; ${options.messages} messages in one
mailbox; ${cpus().length} cores. Times in ms; CPU in µs per request, of all processes of a target. "To bare" is the ratio to a bare
Hono route in the same workerd, with the same method, headers and body, measured just before and after.
The CPU of Xabar is that of workerd, which simulates D1, R2, queues and rate limit on the same thread. Locally each round
trip to D1, even a read, and each check of the rate limit is a transaction synced to disk. A TMPDIR on tmpfs avoids
the disk (now: ${tmpdir()}).
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

/** @returns the results by target, Xabar first */
async function measure(cleanup: Cleanup, directory: string, options: Options): Promise<Result[][]> {
  const beside = await bundleWorker(join(directory, "bare"), [], BARE);
  const { generator, worker, target, setting } = await start(cleanup, directory, options, [], { beside });
  const { concurrency } = options;
  const bare = { ...target, name: "bare", url: worker.besideUrl ?? "" };
  const bench: Bench = { generator, bare, setting, concurrency };
  // Compare before the Worker receives messages that the peer lacks.
  const peer = options.peers ? await startPeer(cleanup, directory, worker, setting) : undefined;
  const targets = [target, ...(peer ? [peer] : [])];
  const results: Result[][] = [];
  for (const each of targets) results.push(await measureTarget(bench, each, CASES));
  return results;
}

async function profile(options: Options, folder: string): Promise<number> {
  mkdirSync(folder, { recursive: true });
  return cleaningUp(async (cleanup, directory) => {
    const started = await start(cleanup, directory, options, ["--no-minify"], { inspected: true });
    return profileCases({ ...started, concurrency: options.concurrency, folder });
  });
}

interface Started {
  generator: Generator;
  worker: RunningWorker;
  target: Target;
  setting: Setting;
  /** The path of the code of the Worker. */
  bundle: string;
}

/** Starts the Worker and fills its mailbox. */
async function start(
  cleanup: Cleanup,
  directory: string,
  { seconds, messages }: Options,
  bundling: string[],
  more: { beside?: string; inspected?: boolean },
): Promise<Started> {
  console.error("Bundling the Worker …");
  const bundle = await bundleWorker(join(directory, "bundle"), bundling);
  const state = join(directory, "state");
  mkdirSync(state);
  const secrets = createSecrets();
  const options = { bundle, directory: state, secrets, nylasUri: NO_NYLAS, ...more };
  const worker = await startWorker(cleanup, options);
  console.error(`Filling the mailbox with ${messages} messages …`);
  await readAllBut(worker, await fillMailbox(worker, COMPANY, messages), READER, UNREAD);
  const target = { name: "Xabar", url: worker.url, pids: () => [worker.pid] };
  const setting = { secrets, messages, seconds };
  return { generator: startGenerator(cleanup), worker, target, setting, bundle };
}

/**
 * Starts the peer with one process per core, fills its mailbox with the same messages, and compares responses.
 * @returns undefined if it is not installed
 */
async function startPeer(cleanup: Cleanup, directory: string, worker: RunningWorker, setting: Setting) {
  const { secrets, messages } = setting;
  const state = join(directory, "fastapi");
  mkdirSync(state);
  const peer = await startFastapi(cleanup, { directory: state, workers: cpus().length, secrets });
  if (!peer) {
    console.error(NO_FASTAPI);
    return undefined;
  }
  console.error(`${peer.name}: filling its mailbox with ${messages} messages …`);
  await peer.fill(COMPANY, messages);
  await peer.readAllBut(COMPANY, READER, UNREAD);
  await assertSameAnswers(
    [worker.url, peer.url],
    await signToken(secrets, READER, COMPANY),
    comparedPaths(messages),
  );
  return peer;
}

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: "string", default: "5" },
      concurrency: { type: "string", default: "16" },
      messages: { type: "string", default: "100000" },
      peers: { type: "boolean", default: false },
      profile: { type: "string" },
      json: { type: "string" },
    },
  });
  const number = (name: "seconds" | "concurrency" | "messages") => {
    const value = Number(values[name]);
    if (!(value > 0)) throw new Error(`--${name} must be more than 0, not "${values[name]}"`);
    return name === "seconds" ? value : Math.ceil(value);
  };
  return {
    seconds: number("seconds"),
    concurrency: number("concurrency"),
    messages: number("messages"),
    ...{ peers: values.peers, profile: values.profile, json: values.json },
  };
}
