import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cleanup } from "../support/cleanup.ts";
import { eventually } from "../support/clock.ts";
import { childrenOf } from "../support/processes.ts";

/** A separate PostgreSQL server on a Unix socket. */
export interface Postgres {
  /** The URL for clients. Its query has the folder of the socket. */
  url: string;
  /** The server and its child processes. */
  pids(): number[];
  /** Runs statements. @throws Error for the first one that fails */
  run(sql: string): void;
}

const VERSIONS = "/usr/lib/postgresql";
const SCRIPT_BYTES = 16 * 1024 * 1024;

/**
 * Durability is the default: fsync and synchronous_commit are on. The rest suits many short queries on an SSD: no JIT,
 * one plan per prepared statement, no checkpoint during a run.
 */
const SETTINGS = {
  listen_addresses: "",
  log_min_messages: "fatal",
  timezone: "UTC",
  shared_buffers: "256MB",
  effective_cache_size: "2GB",
  max_wal_size: "4GB",
  checkpoint_timeout: "30min",
  random_page_cost: "1.1",
  jit: "off",
  plan_cache_mode: "force_generic_plan",
};

/** The folder of the newest PostgreSQL binaries; null if none are installed. */
export function findPostgres(): string | null {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : [];
  const folders = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(VERSIONS, version, "bin"));
  return folders.find((folder) => existsSync(join(folder, "initdb"))) ?? null;
}

/**
 * Creates and starts an empty cluster in a new folder.
 * @throws Error if PostgreSQL is not installed or does not start
 */
export async function startPostgres(cleanup: Cleanup): Promise<Postgres> {
  const bin = findPostgres();
  if (!bin) throw new Error("PostgreSQL is not installed");
  // Not in the folder of the bench, which the PostgreSQL user cannot read.
  const directory = mkdtempSync(join(tmpdir(), "xabar-postgres-"));
  cleanup.defer(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  const user = unprivileged();
  if (user) chownSync(directory, user.uid, user.gid);
  const data = join(directory, "data");
  const cluster = ["-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"];
  execFileSync(join(bin, "initdb"), cluster, {
    ...user,
    cwd: directory,
    stdio: ["ignore", "ignore", "inherit"],
  });

  const settings = Object.entries({ ...SETTINGS, unix_socket_directories: directory });
  const args = ["-D", data, ...settings.flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const server = spawn(join(bin, "postgres"), args, {
    ...user,
    cwd: directory,
    stdio: ["ignore", "ignore", "inherit"],
  });
  // Stop at once, since the data are not needed. Wait, since a running server would write into the folder.
  const stop = ["-D", data, "-m", "immediate", "-t", "2", "stop"];
  cleanup.defer(() => execFileSync(join(bin, "pg_ctl"), stop, { ...user, cwd: directory, stdio: "ignore" }));
  const client = ["-h", directory, "-U", "postgres", "-d", "postgres"];
  await eventually("PostgreSQL answers", async () => answers(join(bin, "pg_isready"), client) || undefined);
  const master = server.pid ?? 0;
  const options = ["-X", "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1"];
  return {
    url: `postgresql://postgres@/postgres?host=${encodeURIComponent(directory)}`,
    pids: () => [master, ...childrenOf(master, "postgres")],
    run: (sql) => {
      execFileSync(join(bin, "psql"), [...client, ...options], { input: sql, maxBuffer: SCRIPT_BYTES });
    },
  };
}

function answers(program: string, args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** PostgreSQL refuses to run as root, so use another user. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (option: string) => Number(execFileSync("id", [option, "postgres"], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
}
