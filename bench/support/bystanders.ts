import { now } from "./clock.ts";
import { machineCpu, usageOf } from "./processes.ts";

/**
 * Measures the CPU of unrelated processes, which distorts times.
 * @param pids the measured processes; this process is added
 * @returns a function that returns the CPU of all others since then, as a share of a core
 */
export function watchBystanders(pids: () => number[]): () => number {
  const othersCpu = () => machineCpu() - usageOf([process.pid, ...pids()]).cpu;
  const before = othersCpu();
  const start = now();
  return () => Math.max(0, (othersCpu() - before) / ((now() - start) / 1000));
}
