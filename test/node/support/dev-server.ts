import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Text, watch } from "./text.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const START_MS = 300_000;
const STOP_MS = 60_000;
/** No server may outlive the tests, however they end. */
const OUR_ENDS = ["exit", "SIGTERM", "disconnect"];

export interface Ports {
  worker: number;
  nylas: number;
  smtp: number;
  imaps: number;
  pop3s: number;
  smtps: number;
  telegram: number;
  dc2: number;
  dc4: number;
}

export interface DevServer {
  url: string;
  /** The token of user 1, an admin of both demo companies. */
  token: string;
  smtpPort: number;
  nylasPort: number;
  /** The three commands that it prints: inbox, stream, and sending a mail. */
  curls: string[];
  /** Three more: they connect a mailbox, sync it and send from it. */
  mailboxLines: string[];
  /** Three that connect a phone to Telegram auto-mailing and start a mailing, and the page that shows its posts. */
  telegram: { lines: string[]; page: string };
  /** The link to the page where two people of UzbekHub chat. */
  chat: string;
  /** Its output so far. */
  output: Text;
  /**
   * Ends the npm process with SIGTERM, as `kill` does.
   * @throws Error when something still listens afterwards, after stopping that
   */
  stop(): Promise<void>;
}

/**
 * Runs `npm run dev` until it reports that it is ready.
 * @throws Error with its output, when it ends early or is not ready in time
 */
export async function startDevServer(state: string, ports: Ports): Promise<DevServer> {
  const { worker, smtp, ...others } = ports;
  const places = [
    ...["--port", worker, "--smtp-port", smtp, "--state", state],
    ...["--nylas-port", others.nylas, "--imaps-port", others.imaps],
    ...["--pop3s-port", others.pop3s, "--smtps-port", others.smtps],
    ...["--telegram-port", others.telegram, "--telegram-dc2-port", others.dc2],
    ...["--telegram-dc4-port", others.dc4],
  ].map(String);
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
  const telegramAt = lines.findIndex((line) => line.includes("/send-code/"));
  const mailboxAt = lines.findIndex((line) => line.startsWith("account="));
  return {
    url: output.text().match(/^Xabar answers at (\S+)$/m)?.[1] ?? "",
    token: lines.find((line) => line.startsWith("eyJ")) ?? "",
    smtpPort: smtp,
    nylasPort: others.nylas,
    curls: lines.slice(0, mailboxAt).filter((line) => line.startsWith("curl ")),
    mailboxLines: lines.slice(mailboxAt, mailboxAt + 3),
    telegram: { lines: lines.slice(telegramAt, telegramAt + 3), page: `http://localhost:${others.telegram}` },
    chat: lines.find((line) => line.includes("/chat/page.html#")) ?? "",
    output,
    stop,
  };
}

/** Free ports. */
export async function freePorts(): Promise<Ports> {
  const names = ["worker", "nylas", "smtp", "imaps", "pop3s", "smtps", "telegram", "dc2", "dc4"] as const;
  const servers = names.map(() => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return Object.fromEntries(names.map((name, at) => [name, ports[at]])) as unknown as Ports;
}

/** What remains of the server after the timeout: a process, or a listener. */
async function waitUntilGone(child: ChildProcess, ports: Ports): Promise<string[]> {
  const deadline = Date.now() + STOP_MS;
  for (;;) {
    const left = signal(child, 0) ? ["process"] : [];
    for (const [name, port] of Object.entries(ports)) if (!(await isClosed(port))) left.push(name);
    if (left.length === 0 || Date.now() > deadline) return left;
    await sleep(50); // the end of another's process causes no event
  }
}

/** @returns false when no process of the child's group is left */
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
