import { now } from "./clock.ts";
import { machineCpu, usageOf } from "./processes.ts";

/**
 * Watches what the rest of the machine does meanwhile, which would spoil the times.
 * @param pids what is measured; this process counts with it
 * @returns a function that tells the CPU of all others since, as a share of one core
 */
export function watchBystanders(pids: () => number[]): () => number {
  const othersCpu = () => machineCpu() - usageOf([process.pid, ...pids()]).cpu;
  const before = othersCpu();
  const start = now();
  return () => Math.max(0, (othersCpu() - before) / ((now() - start) / 1000));
}
