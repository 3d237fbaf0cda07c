import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { count, holds, renderBars, rowBars } from "./hub/bars.ts";
import { MANY, MEMBERS, measureChat } from "./hub/chat/measure.ts";
import { chatBars, refusalsOf, renderTalks } from "./hub/chat/report.ts";
import { FEW_POSTS, measure } from "./hub/measure.ts";
import { fillPeople, IN_CITY } from "./hub/people.ts";
import { type Cleanup, cleaningUp } from "./support/cleanup.ts";
import { requireOpenFiles } from "./support/processes.ts";
import { bundleWorker, createSecrets, startWorker } from "./support/worker.ts";

const ENTRY = fileURLToPath(new URL("hub/worker/index.ts", import.meta.url));

const OPTIONS = {
  people: { type: "string", default: "200000" },
  posts: { type: "string", default: "100000" },
  /** `rows` or `chat`: one part alone. */
  only: { type: "string" },
  /** File for the results of chat as JSON. */
  json: { type: "string" },
} as const;

/** The bar for the CPU of a hash of argon2id. */
const MAX_PASSWORD_MS = 60;

/**
 * `hub`: measures rows of UzbekHub's main calls, the CPU of a password and its chat rooms, and checks the bars.
 * @returns 0, or 1 if a bar does not hold
 */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const { only, json } = values;
  const sizes = { people: Number(values.people), posts: Number(values.posts) };
  if (!(sizes.people >= 10_000 && sizes.people % 1000 === 0))
    throw new Error("--people must be thousands, 10,000 or more");
  if (!(sizes.posts > FEW_POSTS && sizes.posts % 1000 === 0))
    throw new Error("--posts must be thousands, 2,000 or more");
  if (only !== undefined && only !== "rows" && only !== "chat")
    throw new Error("--only must be rows or chat");
  const parts = await cleaningUp(async (cleanup, directory) => {
    console.error("Bundling the Worker …");
    const bundle = await bundleWorker(join(directory, "bundle"), [ENTRY]);
    const start = starter(cleanup, directory, bundle);
    const rows = only === "chat" ? true : await runRows(start, sizes);
    const chat = only === "rows" ? true : await runChat(cleanup, start, json);
    return [rows, chat];
  });
  return parts.every(Boolean) ? 0 : 1;
}

type Start = ReturnType<typeof starter>;

const starter = (cleanup: Cleanup, directory: string, bundle: string) => async (name: string) => {
  const secrets = createSecrets();
  const worker = await startWorker(cleanup, {
    ...{ bundle, directory: join(directory, name), secrets, nylasUri: "http://127.0.0.1:9" },
    objects: { BARE_ROOM: "BareRoom" },
  });
  return { worker, secrets };
};

/** @returns whether all bars hold */
async function runRows(start: Start, sizes: { people: number; posts: number }): Promise<boolean> {
  const { worker } = await start("rows");
  const measured = await measure(worker, sizes);
  const bars = rowBars(measured, sizes.posts);
  await worker.stop();
  console.log(`
${count(sizes.people)} people, of whom ${count(IN_CITY)} share a location within 5 km. Reads include those of the authentication.

${renderBars(bars, "rows")}

The hash of a password takes ${measured.password.toFixed(0)} ms of CPU, of at most ${MAX_PASSWORD_MS}.`);
  return bars.every(holds) && measured.password <= MAX_PASSWORD_MS;
}

async function runChat(cleanup: Cleanup, start: Start, json: string | undefined): Promise<boolean> {
  // The process of the sockets has all of them, and workerd both ends of some.
  requireOpenFiles(MANY * 4 + 500);
  const { worker, secrets } = await start("chat");
  await fillPeople(worker, MEMBERS);
  const measured = await measureChat(cleanup, worker, secrets);
  await worker.stop();
  if (json) writeFileSync(json, `${JSON.stringify(measured, null, 2)}\n`);
  const bars = chatBars(measured);
  console.log(`
Chat rooms, each beside a bare Object that stores a message and sends it to all. The room of ${count(MANY)} sockets has
${count(MEMBERS)} members. A delivery is timed from just before its message is sent, by one process that has all sockets: its
queue is included. CPU is that of workerd, which also simulates D1. The load of the machine distorts times.

${renderTalks(measured)}

${renderBars(bars, "")}`);
  for (const refusal of refusalsOf(measured)) console.error(refusal);
  return bars.every(holds);
}
