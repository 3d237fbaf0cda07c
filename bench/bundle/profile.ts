import { readFileSync } from "node:fs";
import type { Cleanup } from "../support/cleanup.ts";
import { openInspector } from "../support/inspector.ts";
import { add } from "../support/statistics.ts";
import { textsOf } from "../support/worker.ts";
import { originOf, readSources } from "./origin.ts";
import { startRuntime } from "./runtime.ts";

/** Shares of the time of the global scope by group, largest first. */
export type Shares = [group: string, share: number][];

const SAMPLING_MICROSECONDS = 100;

/** Imports the Worker at the second request, after the profiler has started. */
const IMPORTER = `let isWarm = false;
export default {
  async fetch() {
    if (isWarm) await import("./worker.js");
    isWarm = true;
    return new Response("done");
  },
};`;

/** A node of the profile: a function, and the number of samples on each of its lines, counted from 1. */
interface ProfileNode {
  callFrame: { functionName: string; url: string };
  hitCount?: number;
  positionTicks?: { line: number; ticks: number }[];
}

/**
 * Profiles the global scope of an unminified bundle, where each piece has its own lines.
 * @param bundle its path; the source map is next to it
 */
export async function profileStart(
  cleanup: Cleanup,
  config: string,
  bundle: string,
  runs: number,
): Promise<Shares> {
  const sourceAt = readSources(bundle);
  const ticks = new Map<string, number>();
  for (let run = 0; run < runs; run++) {
    for (const node of await profileOnce(cleanup, config, bundle)) addTicks(ticks, node, sourceAt);
  }
  const all = [...ticks.values()].reduce((sum, each) => sum + each, 0);
  const shares = [...ticks].map(([group, each]): [string, number] => [group, each / all]);
  return shares.sort(([, one], [, other]) => other - one);
}

async function profileOnce(cleanup: Cleanup, config: string, bundle: string): Promise<ProfileNode[]> {
  const { miniflare, stop } = await startRuntime(cleanup, config, {
    name: "profiled",
    inspectorPort: 0,
    modules: [
      { type: "ESModule", path: "/importer.js", contents: IMPORTER },
      { type: "ESModule", path: "/worker.js", contents: readFileSync(bundle, "utf8") },
      ...Object.entries(textsOf(bundle)).map(([name, contents]) => ({
        type: "Text",
        path: `/${name}`,
        contents,
      })),
    ],
  });
  const inspector = await openInspector(new URL("/core:user:profiled", await miniflare.getInspectorURL()));
  await (await miniflare.dispatchFetch("http://profiled/")).text();
  await inspector.send("Profiler.enable");
  await inspector.send("Profiler.setSamplingInterval", { interval: SAMPLING_MICROSECONDS });
  await inspector.send("Profiler.start");
  const response = await miniflare.dispatchFetch("http://profiled/");
  const text = await response.text();
  if (text !== "done") throw new Error(`The Worker does not start: ${text.slice(0, 500)}`);
  const { profile } = (await inspector.send("Profiler.stop")) as { profile: { nodes: ProfileNode[] } };
  inspector.close();
  await stop();
  return profile.nodes;
}

function addTicks(
  ticks: Map<string, number>,
  { callFrame, hitCount = 0, positionTicks = [] }: ProfileNode,
  sourceAt: ReturnType<typeof readSources>,
): void {
  if (callFrame.functionName === "(idle)") return;
  if (!callFrame.url.endsWith("worker.js")) {
    add(ticks, "V8 and workerd", hitCount);
    return;
  }
  for (const { line, ticks: count } of positionTicks) {
    // Use the end of the line: code before its first mapping belongs to the line above.
    const source = sourceAt(line - 1, Number.MAX_SAFE_INTEGER);
    add(ticks, source === undefined ? "the bundler" : originOf(source).group, count);
  }
}
