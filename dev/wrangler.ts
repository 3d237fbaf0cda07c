import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { unstable_readConfig } from "wrangler";

const WRANGLER = fileURLToPath(new URL("../node_modules/wrangler/bin/wrangler.js", import.meta.url));
const CONFIG = fileURLToPath(new URL("../wrangler.toml", import.meta.url));

/** The entry of the Worker for one machine: see dev/worker/index.ts. */
export const LOCAL_ENTRY = fileURLToPath(new URL("worker/index.ts", import.meta.url));

/** The vars that this entry needs: the rate limits of wrangler.toml. */
export function localVars(): Record<string, string> {
  // Wrangler does not export the type of its configuration.
  const limits: { name: string; simple: object }[] = unstable_readConfig({ config: CONFIG }).ratelimits;
  return {
    LOCAL_RATE_LIMITS: JSON.stringify(Object.fromEntries(limits.map((each) => [each.name, each.simple]))),
  };
}

const start = (args: string[]): ChildProcess =>
  spawn(process.execPath, [WRANGLER, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, FORCE_COLOR: "0", WRANGLER_SEND_METRICS: "false", CI: "true" },
    // A separate process group: Ctrl-C reaches only this process, which then stops the Worker cleanly.
    detached: true,
  });

/**
 * Applies the migrations to the local databases.
 * @throws Error with wrangler's output
 */
export async function applyMigrations(state: string): Promise<void> {
  for (const binding of ["DB", "EMAIL_SERVICE_DB"]) await migrate(binding, state);
}

async function migrate(binding: string, state: string): Promise<void> {
  const child = start(["d1", "migrations", "apply", binding, "--local", "--persist-to", state]);
  let output = "";
  child.stdout?.on("data", (chunk) => (output += chunk));
  child.stderr?.on("data", (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.once("exit", resolve));
  if (code !== 0) throw new Error(`The migrations failed:\n${output}`);
}

export interface RunningWorker {
  /** Resolves if the Worker stops unexpectedly. */
  exited: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the Worker and waits until it answers. Its rate limits count in memory.
 * @param options.vars override those of .dev.vars
 * @param options.logFile receives the output of the Worker; errors also go to the console
 * @throws Error if it does not answer within a minute
 */
export async function startWorker(options: {
  port: number;
  state: string;
  vars: Record<string, string>;
  logFile: string;
}): Promise<RunningWorker> {
  const vars = Object.entries({ ...localVars(), ...options.vars }).flatMap(([name, value]) => [
    "--var",
    `${name}:${value}`,
  ]);
  const place = ["--ip", "127.0.0.1", "--port", String(options.port), "--persist-to", options.state];
  const child = start([
    "dev",
    LOCAL_ENTRY,
    "--config",
    CONFIG,
    "--local",
    "--inspector-port",
    "0",
    ...place,
    ...vars,
  ]);
  const logs = createWriteStream(options.logFile);
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on("line", (line) => {
      logs.write(`${line}\n`);
      if (line.includes('"level":"error"') || line.includes("[ERROR]")) console.error(line);
    });
  }
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    if (child.pid && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, "SIGTERM");
    await exited;
  };
  try {
    await answers(`http://127.0.0.1:${options.port}/health`, exited);
  } catch (error) {
    await stop();
    throw new Error(`${(error as Error).message}; its log is ${options.logFile}`);
  }
  return { exited, stop };
}

async function answers(url: string, exited: Promise<void>): Promise<void> {
  let hasExited = false;
  void exited.then(() => {
    hasExited = true;
  });
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline && !hasExited) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return;
    await sleep(100);
  }
  throw new Error(
    hasExited ? "The Worker stopped during its start" : "The Worker did not answer within a minute",
  );
}
