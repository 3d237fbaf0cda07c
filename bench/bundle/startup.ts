import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { watchBystanders } from "../support/bystanders.ts";
import type { Cleanup } from "../support/cleanup.ts";
import { childrenOf } from "../support/processes.ts";
import { type Distribution, distributionOf } from "../support/statistics.ts";
import { compatibilityOf, startRuntime } from "./runtime.ts";

/** What starts cost, in ms of CPU, by the names of the Workers. */
export interface Startup {
  /** Each less the median of the Worker without code. */
  started: Record<string, Distribution>;
  /** Of the Worker without code: a new isolate, and the request that asks for it. */
  empty: Distribution;
  /** CPU of everything that has nothing to do with the bench, as a share of a core. */
  bystandersCpuShare: number;
}

const EMPTY = "empty";
/** For what workerd still does in the background after the answer. */
const REST_MS = 50;

/** The Worker under measurement is a module of this one, so that its handlers are never called. */
const PROBE = `import "./worker.js";
export default { fetch() { return new Response("started"); } };`;

/** Starts the Worker that the path names, in an isolate of its own each time. */
const STARTER = `let count = 0;
export default {
  fetch(request, env) {
    const name = decodeURIComponent(new URL(request.url).pathname.slice(1));
    const modules = { "probe.js": env.PROBE, "worker.js": env[name] };
    const code = { ...env.COMPATIBILITY, mainModule: "probe.js", modules };
    return env.LOADER.get(name + count++, () => code).getEntrypoint().fetch(request);
  },
};`;

/**
 * Measures what it costs to start each Worker: a new isolate, compiling all of the code, running its global scope.
 * The Workers take turns, in one workerd. (`wrangler check startup` leaves compiling out, and takes some twenty
 * samples: too few to compare.)
 * @param bundles the paths of their bundles, by their names
 * @throws Error when a Worker does not start
 */
export async function measureStartup(
  cleanup: Cleanup,
  config: string,
  bundles: Record<string, string>,
  rounds: number,
): Promise<Startup> {
  const codes = Object.entries(bundles).map(([name, path]) => [name, readFileSync(path, "utf8")] as const);
  const { miniflare, stop } = await startRuntime(cleanup, config, {
    name: "starter",
    modules: [{ type: "ESModule", path: "/starter.js", contents: STARTER }],
    workerLoaders: { LOADER: {} },
    bindings: {
      ...{ ...Object.fromEntries(codes), [EMPTY]: "export default {};" },
      ...{ PROBE, COMPATIBILITY: compatibilityOf(config) },
    },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  });
  const { origin } = await miniflare.unsafeGetDirectURL();
  const pid = childrenOf(process.pid, "workerd").at(-1);
  if (!pid) throw new Error("There is no process named workerd below this one");
  const times = new Map<string, number[]>([...codes.map(([name]) => name), EMPTY].map((name) => [name, []]));
  for (const name of times.keys()) await start(origin, pid, name); // the first of each also warms workerd up
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

/** @returns ms of CPU */
async function start(origin: string, pid: number, name: string): Promise<number> {
  const before = cpuOf(pid);
  const response = await fetch(`${origin}/${encodeURIComponent(name)}`);
  const text = await response.text();
  if (text !== "started") throw new Error(`${name} does not start: ${response.status} ${text.slice(0, 500)}`);
  await sleep(REST_MS);
  return cpuOf(pid) - before;
}

/** Milliseconds of CPU that the threads of a process have spent: finer than the ticks of /proc/PID/stat. */
function cpuOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}
