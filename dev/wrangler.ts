import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
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

const start = (args: string[], env: Record<string, string>): ChildProcess =>
  spawn(process.execPath, [WRANGLER, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env, FORCE_COLOR: "0", WRANGLER_SEND_METRICS: "false", CI: "true" },
    // A separate process group: Ctrl-C reaches only this process, which then stops the Worker cleanly.
    detached: true,
  });

export interface RunningWorker {
  /** Resolves if the Worker stops unexpectedly. */
  exited: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the Worker with its engines, and waits until it answers. Its rate limits count in memory.
 * @param options.vars override those of .dev.vars
 * @param options.engines the vars of each engine; without any, it runs unconfigured
 * @param options.ca file of an authority that is trusted beside the usual ones
 * @param options.logFile receives the output of the Worker; errors also go to the console
 * @throws Error if it does not answer within three minutes
 */
export async function startWorker(options: {
  port: number;
  state: string;
  vars: Record<string, string>;
  engines?: Partial<Record<"mailbox" | "telegram", Record<string, string>>>;
  ca?: string;
  logFile: string;
}): Promise<RunningWorker> {
  const { state, engines = {}, ca } = options;
  const vars = Object.entries({ ...localVars(), ...options.vars }).flatMap(([name, value]) => [
    "--var",
    `${name}:${value}`,
  ]);
  const place = ["--ip", "127.0.0.1", "--port", String(options.port), "--persist-to", state];
  const copies = [
    engineConfig(state, "mailbox", engines.mailbox),
    engineConfig(state, "telegram-account", engines.telegram),
  ];
  const configs = [CONFIG, ...copies].flatMap((path) => ["--config", path]);
  const child = start(
    ["dev", LOCAL_ENTRY, ...configs, "--local", "--inspector-port", "0", ...place, ...vars],
    {
      // Otherwise the Worker would use the engines of any other one that runs on the machine.
      WRANGLER_REGISTRY_PATH: resolve(state, "registry"),
      ...(ca === undefined ? {} : { NODE_EXTRA_CA_CERTS: resolve(ca) }),
    },
  );
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

/**
 * Copies the configuration of an engine with more vars: those of the command line are for the first script alone.
 * @param engine its folder in src
 * @returns its path
 */
function engineConfig(state: string, engine: string, vars: Record<string, string> = {}): string {
  const folder = fileURLToPath(new URL(`../src/${engine}`, import.meta.url));
  const lines = Object.entries(vars).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const text = readFileSync(join(folder, "wrangler.toml"), "utf8")
    .replace(/^main = "(.*)"$/m, (_, file: string) => `main = ${JSON.stringify(join(folder, file))}`)
    .replace(/"(\.\/[^"]*)"/g, (_, file: string) => JSON.stringify(join(folder, file)));
  const file = resolve(state, `${engine}.wrangler.toml`);
  mkdirSync(state, { recursive: true });
  writeFileSync(file, [text, "[vars]", ...lines, ""].join("\n"), { mode: 0o600 });
  return file;
}

async function answers(url: string, exited: Promise<void>): Promise<void> {
  let hasExited = false;
  void exited.then(() => {
    hasExited = true;
  });
  const deadline = Date.now() + 180_000;
  while (Date.now() < deadline && !hasExited) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return;
    await sleep(100);
  }
  throw new Error(
    hasExited ? "The Worker stopped during its start" : "The Worker did not answer within three minutes",
  );
}
