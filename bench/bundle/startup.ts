import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { watchBystanders } from "../support/bystanders.ts";
import type { Cleanup } from "../support/cleanup.ts";
import { childrenOf, cpuOf } from "../support/processes.ts";
import { type Distribution, distributionOf } from "../support/statistics.ts";
import { textsOf } from "../support/worker.ts";
import { compatibilityOf, startRuntime } from "./runtime.ts";

/** CPU of starts in ms, by Worker. */
export interface Startup {
  /** Minus the median of the Worker without code. */
  started: Record<string, Distribution>;
  /** The Worker without code: a new isolate, and the request that creates it. */
  empty: Distribution;
  /** CPU of unrelated processes, as a share of a core. */
  bystandersCpuShare: number;
}

const EMPTY = "empty";
/** Time for background work of workerd after the response. */
const REST_MS = 50;

/** Imports the measured Worker as a module, so that its handlers never run. */
const PROBE = `import "./worker.js";
export default { fetch() { return new Response("started"); } };`;

/** Starts the Worker named in the path, each time in a new isolate. */
const STARTER = `let count = 0;
export default {
  fetch(request, env) {
    const name = decodeURIComponent(new URL(request.url).pathname.slice(1));
    const modules = { "probe.js": env.PROBE, "worker.js": env[name], ...env.TEXTS[name] };
    const code = { ...env.COMPATIBILITY, mainModule: "probe.js", modules };
    return env.LOADER.get(name + count++, () => code).getEntrypoint().fetch(request);
  },
};`;

/**
 * Measures the start of each Worker: creating an isolate, compiling the code, running its global scope. The Workers
 * take turns in one workerd. `wrangler check startup` excludes compilation and has too few samples to compare.
 * @param bundles the paths of the bundles by name
 * @throws Error if a Worker does not start
 */
export async function measureStartup(
  cleanup: Cleanup,
  config: string,
  bundles: Record<string, string>,
  rounds: number,
): Promise<Startup> {
  const codes = Object.entries(bundles).map(([name, path]) => [name, readFileSync(path, "utf8")] as const);
  const texts = Object.entries(bundles).map(([name, path]) => [
    name,
    Object.fromEntries(Object.entries(textsOf(path)).map(([module, text]) => [module, { text }])),
  ]);
  const { miniflare, stop } = await startRuntime(cleanup, config, {
    name: "starter",
    modules: [{ type: "ESModule", path: "/starter.js", contents: STARTER }],
    workerLoaders: { LOADER: {} },
    bindings: {
      ...{ ...Object.fromEntries(codes), [EMPTY]: "export default {};" },
      ...{ PROBE, COMPATIBILITY: compatibilityOf(config), TEXTS: Object.fromEntries(texts) },
    },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  });
  const { origin } = await miniflare.unsafeGetDirectURL();
  const pid = childrenOf(process.pid, "workerd").at(-1);
  if (!pid) throw new Error("There is no process named workerd below this one");
  const times = new Map<string, number[]>([...codes.map(([name]) => name), EMPTY].map((name) => [name, []]));
  for (const name of times.keys()) await start(origin, pid, name); // warms up workerd
  const bystandersCpu = watchBystanders(() => [pid]);
  for (let round = 0; round < rounds; round++)
    for (const [name, each] of times) each.push(await start(origin, pid, name));
  const bystandersCpuShare = bystandersCpu();
  await stop();
  const empty = distributionOf(times.get(EMPTY) ?? []);
  const started = codes.map(([name]) => [
    name,
    distributionOf((times.get(name) ?? []).map((ms) => ms - empty.median)),
  ]);
  return { started: Object.fromEntries(started), empty, bystandersCpuShare };
}

/** How many times the CPU of the last Worker a Worker takes to start. */
export const ratioOf = ({ started }: Startup, name: string): number =>
  (started[name]?.median ?? Number.NaN) / (Object.values(started).at(-1)?.median ?? Number.NaN);

/** @returns ms of CPU */
async function start(origin: string, pid: number, name: string): Promise<number> {
  const before = cpuOf(pid);
  const response = await fetch(`${origin}/${encodeURIComponent(name)}`);
  const text = await response.text();
  if (text !== "started") throw new Error(`${name} does not start: ${response.status} ${text.slice(0, 500)}`);
  await sleep(REST_MS);
  return cpuOf(pid) - before;
}
