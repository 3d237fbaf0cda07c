import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Text, watch } from "./text.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const START_MS = 300_000;
const STOP_MS = 60_000;
/** However the tests themselves end, no server must outlive them. */
const OUR_ENDS = ["exit", "SIGTERM", "disconnect"];

export interface Ports {
  worker: number;
  nylas: number;
  smtp: number;
}

export interface DevServer {
  url: string;
  /** Of user 1, an admin of both demo companies. */
  token: string;
  smtpPort: number;
  nylasPort: number;
  /** The three command lines that it prints: the inbox, the stream, and sending a mail. */
  curls: string[];
  /** All that it has printed. */
  output: Text;
  /**
   * Ends the npm process with SIGTERM, as `kill` does.
   * @throws Error when something still listens afterwards; it is stopped all the same
   */
  stop(): Promise<void>;
}

/**
 * `npm run dev`, as a user starts it, until it has said that it is ready.
 * @throws Error with what it printed, when it ends before or is not ready in time
 */
export async function startDevServer(state: string, ports: Ports): Promise<DevServer> {
  const { worker, nylas, smtp } = ports;
  const places = ["--port", worker, "--nylas-port", nylas, "--smtp-port", smtp, "--state", state].map(String);
  const child = spawn("npm", ["run", "dev", "--", ...places], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // a group of its own, as a shell with job control gives it
  });
  const output = watch(child.stdout, child.stderr);
  const signalGroup = () => void signal(child, "SIGTERM");
  for (const end of OUR_ENDS) process.once(end, signalGroup);
  const gone = once(child, "exit");

  const stop = async () => {
    child.kill("SIGTERM");
    await gone;
    const left = await waitUntilGone(child, ports);
    if (left.length > 0) {
      signalGroup();
      await waitUntilGone(child, ports);
    }
    for (const end of OUR_ENDS) process.off(end, signalGroup);
    if (left.length === 0) return;
    const seconds = STOP_MS / 1000;
    throw new Error(`${seconds} s after SIGTERM to npm there still is: ${left}\n${output.tail(50)}`);
  };

  const ready = output.until(/ starts over\.\n/, START_MS);
  const ended = gone.then(([code, signal]) => {
    throw new Error(`npm run dev ended with ${code ?? signal}:\n${output.tail(50)}`);
  });
  try {
    await Promise.race([ready, ended]);
  } catch (error) {
    signalGroup();
    await waitUntilGone(child, ports);
    throw error;
  } finally {
    for (const other of [ready, ended]) other.catch(() => {});
  }
  const lines = output.text().split("\n");
  return {
    url: output.text().match(/^Xabar answers at (\S+)$/m)?.[1] ?? "",
    token: lines.find((line) => line.startsWith("eyJ")) ?? "",
    smtpPort: smtp,
    nylasPort: nylas,
    curls: lines.filter((line) => line.startsWith("curl ")),
    output,
    stop,
  };
}

/** Three ports that nobody listens on. */
export async function freePorts(): Promise<Ports> {
  const servers = Array.from({ length: 3 }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const [worker, nylas, smtp] = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return { worker: worker!, nylas: nylas!, smtp: smtp! };
}

/** What is still there of the server when the time is over: a process, or who listens. */
async function waitUntilGone(child: ChildProcess, ports: Ports): Promise<string[]> {
  const deadline = Date.now() + STOP_MS;
  for (;;) {
    const left = signal(child, 0) ? ["process"] : [];
    for (const [name, port] of Object.entries(ports)) if (!(await isClosed(port))) left.push(name);
    if (left.length === 0 || Date.now() > deadline) return left;
    await sleep(50); // nobody tells when somebody else's process has ended
  }
}

/** @returns false when nobody of the child's group is left */
function signal({ pid }: ChildProcess, name: "SIGTERM" | 0): boolean {
  try {
    return pid !== undefined && process.kill(-pid, name);
  } catch {
    return false;
  }
}

/** Whether a connection to the port is refused. */
export const isClosed = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(true));
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
  });
