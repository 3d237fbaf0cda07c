import { deepStrictEqual } from "node:assert";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Cleanup } from "../support/cleanup.ts";
import { eventually } from "../support/clock.ts";
import type { Secrets } from "../support/worker.ts";
import { fillSql, readAllButSql } from "./fill.ts";
import { findPostgres, type Postgres, startPostgres } from "./postgres.ts";

/** Another implementation of the contract. */
export interface Peer {
  name: string;
  /** Its origin, without a trailing slash: one for all of its processes. */
  urls: [string];
  /** The URL of its database. */
  databaseUrl: string;
  /** All of its processes, databases included. The processes of PostgreSQL share memory. */
  pids(): number[];
  /** Creates a mailbox with this many messages, like fillMailbox for the Worker. */
  fill(company: number, messages: number): Promise<void>;
  /** Marks all messages as read for the user, except `unread` of them at equal distances. */
  readAllBut(company: number, userId: number, unread: number): Promise<void>;
}

const FOLDER = fileURLToPath(new URL("fastapi", import.meta.url));
/** The Python of Debian, which finds its packages. Another one may come first in PATH. */
const PYTHON = "/usr/bin/python3";
const MODULES = "fastapi, uvicorn, uvloop, httptools, asyncpg, redis, hiredis, jwt";

/** The message if a part of the peer is not installed. */
export const NO_FASTAPI =
  "FastAPI, PostgreSQL and Redis are not all installed, so there is nothing to compare with: apt-get install " +
  "python3-fastapi python3-uvicorn uvicorn python3-uvloop python3-httptools python3-asyncpg python3-redis " +
  "python3-hiredis python3-jwt redis-server postgresql";

/** Whether all parts of the peer are installed. */
function hasFastapi(): boolean {
  if (!existsSync(PYTHON) || !findPostgres()) return false;
  const { status } = spawnSync(PYTHON, ["-c", `import ${MODULES}`], { stdio: "ignore" });
  return status === 0 && !spawnSync("redis-server", ["--version"], { stdio: "ignore" }).error;
}

/**
 * Starts the stack of the first implementation: FastAPI on uvicorn, PostgreSQL, Redis, and a consumer of the webhook
 * stream. Starts its own instances and uses no system services.
 * @param options.directory folder for the state of Redis
 * @param options.workers number of processes that serve requests
 * @returns undefined if a part is not installed; see NO_FASTAPI
 * @throws Error if a part does not start
 */
export async function startFastapi(
  cleanup: Cleanup,
  { directory, workers, secrets }: { directory: string; workers: number; secrets: Secrets },
): Promise<Peer | undefined> {
  if (!hasFastapi()) return undefined;
  const postgres = await startPostgres(cleanup);
  postgres.run(readFileSync(join(FOLDER, "schema.sql"), "utf8"));
  const redis = startRedis(cleanup, directory);
  const env = {
    ...{ ...process.env, PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1" },
    ...{ JWT_SECRET: secrets.JWT_SECRET, NYLAS_WEBHOOK_SECRET: secrets.NYLAS_WEBHOOK_SECRET },
    ...{ DATABASE_URL: postgres.url, REDIS_SOCKET: redis.socket },
  };
  await eventually("Redis answers", async () => existsSync(redis.socket) || undefined);
  const consumer = start(cleanup, PYTHON, ["worker.py"], { cwd: FOLDER, env });
  const { servers, url } = await startServers(cleanup, workers, env);
  return {
    name: "FastAPI + PostgreSQL + Redis",
    urls: [url],
    databaseUrl: postgres.url,
    pids: () => [...servers, consumer, redis.pid, ...postgres.pids()],
    fill: async (company, messages) => settle(postgres, fillSql(company, messages)),
    readAllBut: async (company, userId, unread) => settle(postgres, readAllButSql(company, userId, unread)),
  };
}

/** Runs vacuum and checkpoint now, so that neither runs during the measurement. */
function settle(postgres: Postgres, sql: string): void {
  postgres.run(sql);
  postgres.run("VACUUM ANALYZE; CHECKPOINT;");
}

/** Redis on a socket, with an append-only file that is synced every second. */
function startRedis(cleanup: Cleanup, directory: string): { socket: string; pid: number } {
  const socket = join(directory, "redis.sock");
  const settings = { port: "0", unixsocket: socket, dir: directory, save: "", loglevel: "warning" };
  const durability = { appendonly: "yes", appendfsync: "everysec" };
  const args = Object.entries({ ...settings, ...durability }).flatMap(([name, value]) => [
    `--${name}`,
    value,
  ]);
  return { socket, pid: start(cleanup, "redis-server", args, {}) };
}

type Env = Record<string, string | undefined>;

/** Starts the processes that serve requests on one port. */
async function startServers(
  cleanup: Cleanup,
  workers: number,
  env: Env,
): Promise<{ servers: number[]; url: string }> {
  const port = freePort();
  const args = ["app.py", String(port)];
  const servers = Array.from({ length: workers }, () => start(cleanup, PYTHON, args, { cwd: FOLDER, env }));
  await eventually("FastAPI listens", async () => listeners(port) === workers || undefined);
  return { servers, url: `http://127.0.0.1:${port}` };
}

/** Number of sockets that listen on this port of 127.0.0.1. */
function listeners(port: number): number {
  // proc_net_tcp(5): number, local and remote address in hexadecimal, state (0A: listening)
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const sockets = readFileSync("/proc/net/tcp", "utf8").split("\n");
  return sockets.filter((line) => {
    const [, local, , state] = line.trim().split(/\s+/);
    return local === address && state === "0A";
  }).length;
}

/** Starts a process that is killed with the bench. @returns its pid */
function start(
  cleanup: Cleanup,
  command: string,
  args: string[],
  options: { cwd?: string; env?: Env },
): number {
  const child: ChildProcess = spawn(command, args, { ...options, stdio: ["ignore", "ignore", "inherit"] });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  cleanup.defer(async () => {
    child.kill("SIGKILL"); // its state is not needed, and a running process would write into the deleted folder
    await exited;
  });
  if (!child.pid) throw new Error(`${command} does not start`);
  return child.pid;
}

/** A free port. */
function freePort(): number {
  const script = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])";
  return Number(execFileSync(PYTHON, ["-c", script], { encoding: "utf8" }));
}

/**
 * Checks that two servers give the same responses. Compares status and JSON, except cursors, which only Xabar has.
 * @param servers origins of servers with the same content; ids of messages from webhooks may differ
 * @param paths paths with queries
 * @throws AssertionError with the first difference
 */
export async function assertSameAnswers(
  servers: [url: string, other: string],
  token: string,
  paths: string[],
): Promise<void> {
  for (const path of paths) {
    const [ours, theirs] = await Promise.all(servers.map((url) => answerOf(`${url}${path}`, token)));
    deepStrictEqual(theirs, ours, `Not the same answer to ${path}`);
  }
}

async function answerOf(url: string, token: string) {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const json = (await response.json()) as { next_cursor?: string };
  delete json.next_cursor;
  return { status: response.status, json };
}
