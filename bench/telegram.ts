import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startTelegramStandIn } from "../dev/telegram/stand-in.ts";
import { type Bar, holds, renderBars } from "./hub/bars.ts";
import { type Cleanup, cleaningUp } from "./support/cleanup.ts";
import { bundleWorker, createSecrets, startWorker } from "./support/worker.ts";
import { GROUPS, type MeasuredDue, measureDue } from "./telegram/due.ts";
import { type MeasuredHeap, measureHeap } from "./telegram/heap.ts";
import type { Stage } from "./telegram/people.ts";
import { type MeasuredRows, measureRows } from "./telegram/rows.ts";

const ENTRY = fileURLToPath(new URL("telegram/worker/index.ts", import.meta.url));
const MB = 1_000_000;

const OPTIONS = {
  mailings: { type: "string", default: "1000" },
  accounts: { type: "string", default: "50" },
  /** `rows`, `due` or `heap`: one part alone. */
  only: { type: "string" },
} as const;

/**
 * `telegram`: measures mailings, with their accounts in the same script, and checks the bars. Times are of this machine.
 * @returns 0, or 1 if a bar does not hold
 */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const { only } = values;
  const [mailings, accounts] = [Number(values.mailings), Number(values.accounts)];
  if (!(mailings > 0 && accounts > 0)) throw new Error("--mailings and --accounts must be positive");
  if (only !== undefined && !["rows", "due", "heap"].includes(only))
    throw new Error("--only must be rows, due or heap");
  const bars = await cleaningUp(async (cleanup, directory) => {
    console.error("Bundling the Worker …");
    const bundle = await bundleWorker(join(directory, "bundle"), [ENTRY]);
    const measured: Bar[] = [];
    const part = async (name: string, measure: (stage: Stage) => Promise<Bar[]>) => {
      if (only !== undefined && only !== name) return;
      const stage = await startStage(cleanup, { bundle, directory: join(directory, name) });
      const bars = await measure(stage);
      await stage.worker.stop();
      console.log(`\n${renderBars(bars, "")}`);
      measured.push(...bars);
    };
    await part("rows", async (stage) => rowBars(await measureRows(stage)));
    await part("heap", async (stage) => heapBars(await measureHeap(stage, accounts)));
    await part("due", async (stage) => dueBars(await measureDue(stage, mailings)));
    return measured;
  });
  return bars.every(holds) ? 0 : 1;
}

async function startStage(
  cleanup: Cleanup,
  { bundle, directory }: { bundle: string; directory: string },
): Promise<Stage> {
  const telegram = await startTelegramStandIn();
  cleanup.defer(() => telegram.close());
  const worker = await startWorker(cleanup, {
    ...{ bundle, directory, secrets: createSecrets(), nylasUri: "http://127.0.0.1:9" },
    ...{ objects: { TELEGRAM_ACCOUNT: "TelegramAccount" }, inspected: true },
    vars: {
      ...{ TELEGRAM_AUTH: "none", TELEGRAM_TERMS_ACCEPTED: "yes" },
      ...{ TELEGRAM_PACE: "0-0", TELEGRAM_MIN_FREQUENCY: "1" },
      ...{ TELEGRAM_API_ID: "1", TELEGRAM_API_HASH: "of the bench" },
      TELEGRAM_SESSION_KEY: Buffer.alloc(32, 7).toString("base64"),
      ...{ TELEGRAM_DC: telegram.dc, TELEGRAM_DC_KEY: telegram.publicKey },
    },
  });
  return { worker, telegram };
}

const rowBars = ({ post, run: besides, status }: MeasuredRows): Bar[] => [
  { what: "rows written for each post, in all objects and D1", measured: post, limit: 4 },
  { what: "rows written for each run besides", measured: besides, limit: 8 },
  { what: "status: rows read in D1", measured: status.d1Read, limit: 1 },
  { what: "status: rows read in the mailing's object", measured: status.read - status.d1Read, limit: null },
  { what: "status: rows written", measured: status.written, limit: 0 },
];

const dueBars = ({ mailings, begun, posts, lateness, seconds, load }: MeasuredDue): Bar[] => [
  { what: `${mailings} mailings due at once: runs begun`, measured: begun, limit: mailings },
  { what: "posts", measured: posts.total, limit: mailings * GROUPS },
  { what: "posts in one group, at most", measured: posts.most, limit: 1 },
  { what: "begun late, median, in s", measured: lateness.median, limit: null },
  { what: "begun late, p99, in s", measured: lateness.p99, limit: 10 },
  { what: "all done, in s", measured: seconds, limit: 120 },
  { what: "load of the machine at the end", measured: load, limit: null },
];

const heapBars = ({ accounts, bytes, connections }: MeasuredHeap): Bar[] => [
  { what: `heap of a connected account, of ${accounts}, in MB`, measured: bytes / MB, limit: 1 },
  { what: "connections of an account, at most", measured: connections, limit: 1 },
];
