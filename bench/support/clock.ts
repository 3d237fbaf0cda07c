import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds of the monotonic clock, comparable between processes of one machine. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Waits until `at`, on the clock of `now`. */
export async function sleepUntil(at: number): Promise<void> {
  const wait = at - now();
  if (wait > 0) await sleep(wait);
}

/**
 * Polls until `check` returns a value.
 * @param what the awaited event, for the error message
 * @param check returns undefined while it is too early
 * @throws Error after `timeout` milliseconds
 */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined>,
  timeout = 30_000,
): Promise<T> {
  const deadline = now() + timeout;
  while (now() < deadline) {
    const found = await check();
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error(`${what}: not within ${timeout / 1000} s`);
}
