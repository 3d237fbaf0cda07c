import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { applyMigrations } from "../dev/local-database.ts";
import { startWorker } from "../dev/wrangler.ts";
import { assertSameAnswers, NO_FASTAPI, startFastapi } from "./peers/fastapi.ts";
import { comparedPaths } from "./requests/cases.ts";
import { Cleanup } from "./support/cleanup.ts";
import { signToken } from "./support/tenant.ts";
import { createSecrets } from "./support/worker.ts";

const SCRIPT = fileURLToPath(new URL("../ops/import-postgres.ts", import.meta.url));
const [READER, NEWCOMER, UNREAD] = [7, 8, 10];
const PORT = 18787;

/**
 * `npm run bench -- import`: fills the first implementation, moves it over while killing the command some times, and
 * compares the answers of both servers.
 */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { messages: { type: "string", default: "50000" }, kills: { type: "string", default: "2" } },
  });
  const messages = Number(values.messages);
  const cleanup = new Cleanup();
  try {
    const directory = mkdtempSync(join(tmpdir(), "xabar-import-"));
    cleanup.defer(() => rmSync(directory, { recursive: true, force: true }));
    const [secrets, companies] = [createSecrets(), [1, 2]];
    mkdirSync(join(directory, "fastapi"));
    const peer = await startFastapi(cleanup, { directory: join(directory, "fastapi"), workers: 1, secrets });
    if (!peer) throw new Error(NO_FASTAPI);
    for (const company of companies) {
      await peer.fill(company, messages / companies.length);
      await peer.readAllBut(company, READER, UNREAD);
    }
    const state = join(directory, "state");
    applyMigrations(state);
    const importing = ["--from", peer.databaseUrl, "--state", state];
    for (let kill = 0; kill < Number(values.kills); kill++) await runImport(importing, 12_000);
    const startedAt = Date.now();
    const output = await runImport(importing, null);
    console.log(output.trim().split("\n").slice(-4).join("\n"));
    console.log(`The last run took ${Math.round((Date.now() - startedAt) / 1000)} s.`);

    const worker = await startWorker({
      ...{ port: PORT, state, logFile: join(directory, "worker.log") },
      vars: { ...secrets, NYLAS_API_URI: "http://127.0.0.1:9" },
    });
    cleanup.defer(() => worker.stop());
    let compared = 0;
    for (const company of companies) {
      const pages = Array.from({ length: 20 }, (_, n) => [
        `/inbox/?page=${n + 1}&size=100`,
        `/messages/?page=${n + 1}&size=50`,
        `/threads/?page=${n + 1}&size=100`,
      ]).flat();
      for (const user of [READER, NEWCOMER]) {
        const token = await signToken(secrets, user, company);
        const paths = [...comparedPaths(company, messages / companies.length), ...pages];
        await assertSameAnswers([`http://127.0.0.1:${PORT}`, peer.urls[0]], token, paths);
        compared += paths.length;
      }
    }
    console.log(`${compared} answers of the Worker and of ${peer.name} are the same.`);
    return 0;
  } finally {
    await cleanup.run();
  }
}

/** Runs the command. @param killAfter milliseconds until it is killed; null for never. @returns what it printed */
async function runImport(args: string[], killAfter: number | null): Promise<string> {
  const child = spawn(process.execPath, [SCRIPT, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  if (killAfter !== null) {
    await Promise.race([ended, sleep(killAfter)]);
    if (child.pid && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    await ended;
    console.log(`Killed after: ${output.trim().split("\n").at(-1)}`);
    return output;
  }
  const code = await ended;
  if (code !== 0) throw new Error(`The import ended with ${code}: ${output}`);
  return output;
}
