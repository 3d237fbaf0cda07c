import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { profileStart, type Shares } from "./bundle/profile.ts";
import { renderShares, renderStartup, renderWeights } from "./bundle/report.ts";
import { measureStartup, type Startup } from "./bundle/startup.ts";
import { type Weights, weigh } from "./bundle/weights.ts";
import { type Cleanup, cleaningUp } from "./support/cleanup.ts";
import { bundleWorker } from "./support/worker.ts";

/** KB of 1,000 bytes: the stricter reading. */
const MAX_GZIPPED_BYTES = 200_000;
/** Of what the entry reaches without `import()`. */
const MAX_GZIPPED_AT_START = 120_000;
/** Workers limits, "Worker startup time": https://developers.cloudflare.com/workers/platform/limits/ */
const STARTUP_LIMIT_MS = 1000;

const CONFIG = fileURLToPath(new URL("../wrangler.toml", import.meta.url));
const BARE = fileURLToPath(new URL("support/bare/wrangler.toml", import.meta.url));

interface Options {
  /** How often each Worker is started. */
  rounds: number;
  /** How often the start is profiled. */
  profiles: number;
  /** Where to write the figures as JSON. */
  json: string | undefined;
}

interface Results {
  maxGzippedBytes: number;
  maxGzippedAtStart: number;
  weights: Weights;
  startup: Startup;
  shares: Shares;
}

/**
 * `bundle`: what the Worker weighs and its start costs, and what of it weighs and costs most.
 * @returns 0, or 1 when the bundle is heavier than it may be
 */
export async function run(args: string[]): Promise<number> {
  const options = readOptions(args);
  const results = await cleaningUp((cleanup, directory) => measure(cleanup, directory, options));
  console.log(`\n${describeWeights(results.weights)}\n\n${describeStartup(results, options)}\n`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  const { gzipped, gzippedAtStart } = results.weights;
  const isTooHeavy = gzipped > MAX_GZIPPED_BYTES || gzippedAtStart > MAX_GZIPPED_AT_START;
  if (isTooHeavy) console.error("The bundle is heavier than it may be");
  return isTooHeavy ? 1 : 0;
}

async function measure(cleanup: Cleanup, directory: string, options: Options): Promise<Results> {
  console.error("Bundling the Worker, a bare one, and the Worker unminified …");
  const xabar = await bundleWorker(join(directory, "xabar"), ["--metafile"]);
  const bare = await bundleWorker(join(directory, "bare"), [], BARE);
  const readable = await bundleWorker(join(directory, "readable"), ["--minify=false"]);
  console.error("Weighing …");
  const weights = weigh(xabar);
  console.error(`Starting each ${options.rounds} times …`);
  const startup = await measureStartup(cleanup, CONFIG, { Xabar: xabar, "bare Hono": bare }, options.rounds);
  console.error(`Profiling ${options.profiles} starts …`);
  const shares = await profileStart(cleanup, CONFIG, readable, options.profiles);
  const bars = { maxGzippedBytes: MAX_GZIPPED_BYTES, maxGzippedAtStart: MAX_GZIPPED_AT_START };
  return { ...bars, weights, startup, shares };
}

function describeWeights({ minified, gzipped, gzippedAtStart, gzippedBest, groups, files }: Weights): string {
  return `The bundle has ${format(minified)} bytes minified and ${format(gzipped)} gzipped (level 6, as wrangler tells it; level 9: ${format(gzippedBest)}).
The bar is ${format(MAX_GZIPPED_BYTES)} gzipped, of 1,000 bytes a KB: ${format(MAX_GZIPPED_BYTES - gzipped)} are left.
What the entry reaches without import() has ${format(gzippedAtStart)}, of ${format(MAX_GZIPPED_AT_START)}: ${format(MAX_GZIPPED_AT_START - gzippedAtStart)} are left.
Bytes minified are esbuild's. "Saves gzipped": by how many bytes the gzipped bundle is smaller without these; their
sum is less than the whole, as what is alike in two parts is packed once.

${renderWeights("package or folder", groups, minified)}

${renderWeights("heaviest files", files, minified)}`;
}

function describeStartup({ startup, shares }: Results, { rounds, profiles }: Options): string {
  const { empty, bystandersCpuShare } = startup;
  return `A start is timed as the CPU of workerd while it makes an isolate from the minified code, compiles it and runs its
global scope, on this machine; ${rounds} starts each, in turns. ${empty.median.toFixed(1)} ms, which a Worker without code costs, are not
counted. Others took ${(bystandersCpuShare * 100).toFixed(0)} % of a core meanwhile. Cloudflare allows ${format(STARTUP_LIMIT_MS)} ms, on its own machines.

${renderStartup(startup)}

Where a start's global scope spends its time, of ${profiles} profiles of the Worker unminified (compiling comes before and
is not in them). Self time: what a schema of ours makes zod do is zod's. V8 and workerd: garbage collection, and
functions that are built in.

${renderShares(shares)}`;
}

const format = (value: number): string => value.toLocaleString("en-US");

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: "string", default: "15" },
      profiles: { type: "string", default: "5" },
      json: { type: "string" },
    },
  });
  const count = (name: "rounds" | "profiles") => {
    const value = Number(values[name]);
    if (!(Number.isInteger(value) && value > 0))
      throw new Error(`--${name} must be a whole number above 0, not "${values[name]}"`);
    return value;
  };
  return { rounds: count("rounds"), profiles: count("profiles"), json: values.json };
}
