import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** CPU and memory of processes. */
export interface Usage {
  /** CPU in seconds since their start, user and system, in steps of 10 ms. */
  cpu: number;
  /** Resident memory in bytes. */
  rss: number;
}

const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** The sums over these processes. Shared memory is counted for each. */
export function usageOf(pids: number[]): Usage {
  const usages = pids.map(usageOfOne);
  return {
    cpu: usages.reduce((sum, { cpu }) => sum + cpu, 0),
    rss: usages.reduce((sum, { rss }) => sum + rss, 0),
  };
}

function usageOfOne(pid: number): Usage {
  const fields = statOf(pid);
  const rss = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { cpu: (Number(fields.utime) + Number(fields.stime)) / TICKS_PER_SECOND, rss: Number(rss) * 1024 };
}

/** CPU of a process in milliseconds, summed over its threads. More precise than /proc/PID/stat. */
export function cpuOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

/** CPU of the whole machine in seconds since its start. */
export function machineCpu(): number {
  // proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal
  const [, ...ticks] = (readFileSync("/proc/stat", "utf8").split("\n")[0] ?? "").split(/\s+/).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = ticks;
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

/** proc_pid_stat(5): the name in parentheses can contain anything, so parse after its end. */
function statOf(pid: number) {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const rest = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { ppid: Number(rest[1]), utime: rest[11], stime: rest[12] };
}

/** The pids of child processes with this program name. */
export function childrenOf(parent: number, program: string): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === program && statOf(pid).ppid === parent;
    } catch {
      return false; // it has ended meanwhile
    }
  });
}

/**
 * Checks the limit of open files. Node raises the soft limit itself, and child processes inherit it.
 * @throws Error with instructions
 */
export function requireOpenFiles(wanted: number): void {
  const limit = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  if (limit === "unlimited" || Number(limit) >= wanted) return;
  throw new Error(
    `This needs ${wanted} open files and the limit is ${limit}: raise it (ulimit -n ${wanted}), or use fewer streams`,
  );
}
