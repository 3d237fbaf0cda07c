import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../support/clock.ts";
import { usageOf } from "../support/processes.ts";
import { type Case, countMails, lanesOf, type Setting } from "./cases.ts";
import type { Generator, Lane, Load, Measured, Request } from "./load.ts";
import type { Target } from "./target.ts";

/** A run of a case on a target, and runs of the bare route just before and after it. */
export interface Run {
  measured: Measured;
  bare: [before: Measured, after: Measured];
}

/** The runs of a case on a target. */
export interface Result {
  case: string;
  target: string;
  runs: Run[];
}

/** The environment of a case. */
export interface Bench {
  generator: Generator;
  /** The bare route. */
  bare: Target;
  setting: Setting;
  concurrency: number;
  /** How often to run each case. */
  turns: number;
}

/** Seconds of warm-up. */
const WARM_UP_SECONDS = 1;
const POLL_MS = 50;
/** After this time without a new message, the rest counts as lost. */
const PATIENCE_MS = 30_000;

/**
 * Runs each case on the targets in turns.
 * @returns the results by target, with one for each case that the target has a route for
 * @throws Error if a response is not what the case expects
 */
export async function measureTargets(bench: Bench, targets: Target[], cases: Case[]): Promise<Result[][]> {
  const results: Result[][] = targets.map(() => []);
  for (const each of cases) {
    const runs: Run[][] = targets.map(() => []);
    for (let turn = 1; turn <= bench.turns; turn++) {
      for (const [nth, target] of targets.entries()) {
        console.error(`${target.name}: ${each.name}, turn ${turn} …`);
        const run = await measureOne(bench, target, each);
        if (run) runs[nth]?.push(run);
      }
    }
    for (const [nth, { name }] of targets.entries()) {
      const own = runs[nth] ?? [];
      if (own.length) results[nth]?.push({ case: each.name, target: name, runs: own });
    }
  }
  return results;
}

/** @returns undefined if the target lacks the route */
async function measureOne(bench: Bench, target: Target, each: Case): Promise<Run | undefined> {
  const lanes = await lanesOf(each, target, bench.setting);
  for (const { url, requests } of lanes) {
    const [first] = requests;
    if (!first) throw new Error(`${each.name}: there are no requests`);
    if (each.kind === "read" && !(await answers(url, target.name, each, first))) return undefined;
  }
  const before = await measureBare(bench, lanes);
  const measured = await measureCase(bench, target, each, lanes);
  const after = await measureBare(bench, lanes);
  return { measured, bare: [before, after] };
}

/** Sends one request as a check. @returns false if the target lacks the route */
async function answers(
  url: string,
  name: string,
  { items, ...each }: Case,
  request: Request,
): Promise<boolean> {
  const { method, path, headers } = request;
  const response = await fetch(`${url}${path}`, { method, headers });
  const text = await response.text();
  if (response.status === 404 || response.status === 405) return false;
  if (!response.ok) throw new Error(`${each.name}: ${name} answers ${response.status} ${text}`);
  const found = items === undefined ? undefined : (JSON.parse(text) as { items: unknown[] }).items.length;
  if (found !== items) throw new Error(`${each.name}: ${name} answers with ${found} items, not ${items}`);
  return true;
}

/** Runs the same requests on the bare route. */
function measureBare({ generator, bare, setting, concurrency }: Bench, lanes: Lane[]) {
  const requests = lanes
    .flatMap((lane) => lane.requests.slice(0, 100))
    .map(
      ({ method, ...rest }): Request => ({ ...rest, method: method === "GET" ? "GET" : "POST", path: "/" }),
    );
  return generator.run({
    ...{ lanes: bare.urls.map((url) => ({ url, requests })), pids: bare.pids(), once: false, concurrency },
    // Both runs together take as long as the case between them.
    ...{ warmUpSeconds: WARM_UP_SECONDS, seconds: setting.seconds / 2 },
  });
}

/** Runs a case on a target without the bare route. Returns after background work has ended. */
export async function measureCase(
  { generator, setting, concurrency }: Pick<Bench, "generator" | "setting" | "concurrency">,
  target: Target,
  { kind }: Case,
  lanes: Lane[],
): Promise<Measured> {
  const load = { lanes, pids: target.pids(), concurrency, once: kind !== "read" };
  // No warm-up: a fast target would use up the notifications, and other cases have warmed it up.
  const warmUpSeconds = kind === "door" ? 0 : WARM_UP_SECONDS;
  const timed = { ...load, warmUpSeconds, seconds: setting.seconds };
  if (kind === "read") return generator.run(timed);
  const before = await countMails(target, setting);
  if (kind === "ingest") return measureIngest(generator, target, setting, load, before);
  const measured = await generator.run(timed);
  await waitForMails(target, setting, before + measured.answered);
  return measured;
}

/** Measures from the first notification until the last message can be read. The latency is that of the 200s. */
async function measureIngest(
  generator: Generator,
  target: Target,
  setting: Setting,
  load: Omit<Load, "warmUpSeconds" | "seconds">,
  before: number,
): Promise<Measured> {
  const cpu = usageOf(target.pids()).cpu;
  const start = now();
  const posting = generator.run({ ...load, warmUpSeconds: 0, seconds: 3600 });
  const sent = load.lanes.reduce((sum, { requests }) => sum + requests.length, 0);
  const [measured] = await Promise.all([posting, waitForMails(target, setting, before + sent)]);
  return { ...measured, seconds: (now() - start) / 1000, cpu: usageOf(target.pids()).cpu - cpu };
}

/** @throws Error after `PATIENCE_MS` without a new message */
async function waitForMails(target: Target, setting: Setting, wanted: number): Promise<void> {
  let best = 0;
  let bestAt = now();
  while (best < wanted) {
    await sleep(POLL_MS);
    const count = await countMails(target, setting);
    if (count > best) [best, bestAt] = [count, now()];
    if (now() - bestAt > PATIENCE_MS)
      throw new Error(`${target.name}: ${best} of ${wanted} messages arrived`);
  }
}
