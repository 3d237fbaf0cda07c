import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { type Cleanup, cleaningUp } from "./support/cleanup.ts";
import { bundleWorker } from "./support/worker.ts";
import { checkBars } from "./units/bars.ts";
import { checkRoutes } from "./units/cases.ts";
import { renderChart } from "./units/chart.ts";
import { type Costs, measureAll, type Results } from "./units/measure.ts";
import { renderBars, renderCosts, renderGrowth, toJson } from "./units/report.ts";
import { routesOf, startStage } from "./units/stage.ts";

interface Options {
  /** Mails in the large mailbox, ascending. */
  sizes: number[];
  /** Files for the results as JSON, and for the chart as SVG. */
  json: string | undefined;
  chart: string | undefined;
}

const METERED = fileURLToPath(new URL("./units/worker/index.ts", import.meta.url));

/**
 * `units`: measures every call in the units that Cloudflare bills, at several mailbox sizes, and checks the bars.
 * @returns 0, or 1 if a bar does not hold
 * @throws Error if a route of the Worker has no case
 */
export async function run(args: string[]): Promise<number> {
  const options = readOptions(args);
  const results = await cleaningUp((cleanup, directory) => measure(cleanup, directory, options.sizes));
  const bars = checkBars(results);
  console.log(`
Each line is one call with everything that it triggers: work after the response, queue messages, their consumers, and
Durable Objects. Rows are those that D1 reports. Each 64 KB of a queue message cost one operation to write, one per
delivery and one to delete. R2 A writes and lists, R2 B reads; deletion is free. One company has the large mailbox
("mails"), 40 others have 1,000 messages each, and 259 have 100. "any": the same at every size. A message takes
${results.bytesPerMessage} bytes of the database, with indexes.

${renderCosts(results)}

${renderBars(results, bars)}

Calls that grow with the mailbox (${results.sizes.map((size) => size.toLocaleString("en-US")).join(", ")} mails):
${renderGrowth(results)}
Other growth: a page by number reads all rows before it, in each company of the token; a thread is returned whole.
Not counted: writes of a hub to its own storage (the cursor after each event, and presence), and the alarm 30 s after
presence, which is one request.
`);
  if (options.json) writeFileSync(options.json, toJson(results));
  if (options.chart) writeFileSync(options.chart, renderChart(results));
  return bars.every(({ holds }) => holds) ? 0 : 1;
}

async function measure(cleanup: Cleanup, directory: string, sizes: number[]): Promise<Results> {
  console.error("Bundling the Worker …");
  const deployed = readFileSync(await bundleWorker(join(directory, "deployed")));
  const bundle = await bundleWorker(join(directory, "metered"), [METERED]);
  const bySize = new Map<number, Costs>();
  let bytesPerMessage = 0;
  for (const size of sizes) {
    console.error(`${size.toLocaleString("en-US")} mails: filling …`);
    const state = join(directory, `state-${size}`);
    const stage = await startStage(cleanup, { directory: state, bundle, size });
    checkRoutes(await routesOf(stage));
    console.error(`${size.toLocaleString("en-US")} mails: calling …`);
    bySize.set(size, await measureAll(stage));
    bytesPerMessage = stage.bytesPerMessage;
    await stage.stop();
    rmSync(state, { recursive: true, force: true });
  }
  return { sizes, bySize, bytesPerMessage, bundleBytes: gzipSync(deployed).length };
}

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      sizes: { type: "string", default: "1000,100000,1000000" },
      json: { type: "string" },
      chart: { type: "string" },
    },
  });
  const sizes = values.sizes.split(",").map(Number);
  // The cases call page 40 of 25.
  if (!sizes.every((size) => size >= 1000 && size % 1000 === 0)) {
    throw new Error(`--sizes must be thousands, with commas between, not "${values.sizes}"`);
  }
  return { sizes: sizes.sort((a, b) => a - b), json: values.json, chart: values.chart };
}
