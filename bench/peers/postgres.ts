import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cleanup } from "../support/cleanup.ts";
import { eventually } from "../support/clock.ts";
import { childrenOf } from "../support/processes.ts";

/** A PostgreSQL of its own, on a unix socket. */
export interface Postgres {
  /** For clients; the socket's directory stands in its query. */
  url: string;
  /** Of the server and all its processes. */
  pids(): number[];
  /** Runs statements, and stops at the first that fails. @throws Error */
  run(sql: string): void;
}

const VERSIONS = "/usr/lib/postgresql";
const SCRIPT_BYTES = 16 * 1024 * 1024;

/**
 * Durability is PostgreSQL's default: fsync and synchronous_commit are on. The rest is what one sets for many
 * short questions on an SSD: no JIT, one plan a prepared statement, and no checkpoint in the middle of a run.
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

/** The folder of PostgreSQL's newest programs; null when it is not installed. */
export function findPostgres(): string | null {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : [];
  const folders = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(VERSIONS, version, "bin"));
  return folders.find((folder) => existsSync(join(folder, "initdb"))) ?? null;
}

/**
 * Creates an empty cluster in a folder of its own, and starts it.
 * @throws Error when PostgreSQL is not installed, or does not start
 */
export async function startPostgres(cleanup: Cleanup): Promise<Postgres> {
  const bin = findPostgres();
  if (!bin) throw new Error("PostgreSQL is not installed");
  // Not in the bench's folder: PostgreSQL's user may not look into that.
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
  // At once, since nobody needs these data again; and waited for, since what still runs would write into its folder.
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

/** PostgreSQL refuses to run as root: then it runs as somebody else. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (option: string) => Number(execFileSync("id", [option, "postgres"], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
}
