import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { WAIT_MS } from "../../support/wait.ts";
import { type Text, watch } from "./text.ts";

const bash = (line: string) => promisify(execFile)("bash", ["-c", line], { timeout: WAIT_MS });

/** @throws Error when curl is not installed */
export async function requireCurl(): Promise<void> {
  await bash("command -v curl").catch(() => {
    throw new Error("The lines that `npm run dev` prints need curl, and this machine has none: install it");
  });
}

/** Runs a line in a shell and parses the JSON it prints. @throws Error when the line fails, or prints none */
export async function paste(line: string) {
  const { stdout } = await bash(line);
  return JSON.parse(stdout);
}

/** Runs a line that does not end by itself; `kill` ends it. */
export function pasteEndless(line: string): Text & { kill(): void } {
  const child = spawn("bash", ["-c", line], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  return { ...watch(child.stdout, child.stderr), kill: () => void process.kill(-child.pid!, "SIGTERM") };
}
