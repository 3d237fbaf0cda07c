import { randomInt } from "node:crypto";
import { once } from "node:events";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Of every user. */
export const PASSWORD = "correct-horse";

/** What every server is started with. */
export interface Surroundings {
  /** A folder of its own. Its path is short, since paths of sockets have a limit of 107 bytes. */
  folder: string;
  /** Files in PEM, for localhost. */
  certFile: string;
  keyFile: string;
}

/** A running mail server, on localhost. */
export interface Running {
  /** Ends it at once, also while the process exits. */
  stop(): void;
}

/** Who runs the servers: they refuse to be root, and need to be nobody in particular. */
export const RUNNER =
  process.getuid?.() === 0
    ? { name: "nobody", group: "nogroup", uid: 65_534, gid: 65_534 }
    : {
        name: process.env.USER ?? String(process.getuid?.()),
        group: process.env.USER ?? String(process.getgid?.()),
        uid: process.getuid?.() ?? 0,
        gid: process.getgid?.() ?? 0,
      };

/** Makes a folder of the runner. @returns its path */
export function ownFolder(...path: string[]): string {
  const folder = join(...path);
  mkdirSync(folder, { recursive: true });
  chownSync(folder, RUNNER.uid, RUNNER.gid);
  return folder;
}

/** Writes a file of the runner. @returns its path */
export function ownFile(path: string, text: string): string {
  writeFileSync(path, text, { mode: 0o600 });
  chownSync(path, RUNNER.uid, RUNNER.gid);
  return path;
}

/** Below the ports that systems give to outgoing connections: one of those may take a port before its server does. */
const [FIRST_PORT, LAST_PORT] = [15_000, 32_000];

/** Ports that nobody listens on, by name. */
export async function freePorts<Name extends string>(...names: Name[]): Promise<Record<Name, number>> {
  const servers = await Promise.all(names.map(() => listenSomewhere()));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return Object.fromEntries(names.map((name, at) => [name, ports[at]])) as Record<Name, number>;
}

async function listenSomewhere(): Promise<Server> {
  for (;;) {
    const server = createServer().listen(randomInt(FIRST_PORT, LAST_PORT), "127.0.0.1");
    const isListening = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (isListening) return server;
  }
}

const STARTUP_MS = 60_000;

/** Waits until something listens. @throws Error with what `log` tells, after a minute */
export async function waitForPort(port: number, log: () => string): Promise<void> {
  const deadline = Date.now() + STARTUP_MS;
  while (!(await isListening(port))) {
    if (Date.now() > deadline) throw new Error(`Nothing listens on port ${port}:\n${log()}`);
    await sleep(50);
  }
}

function isListening(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  return new Promise((resolve) => {
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}

/** Where `.ci/mail-servers` unpacks what is not installed. */
export const UNPACKED = process.env.MAIL_SERVERS ?? "/opt/xabar-mail-servers";

/** The environment of an unpacked program: it finds its libraries there. */
export const unpackedEnv = (root: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  LD_LIBRARY_PATH: ["usr/lib", "usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"]
    .map((each) => join(root, each))
    .join(":"),
});
