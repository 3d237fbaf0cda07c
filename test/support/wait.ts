import { vi } from "vitest";

/** How long a test waits for a condition, in milliseconds. Only a failing test waits this long. */
export const WAIT_MS = 240_000;

/** Retries a check until it no longer throws. @param interval between tries, in milliseconds */
export const waitFor = <T>(check: () => T | Promise<T>, interval = 50): Promise<T> =>
  vi.waitFor(check, { timeout: WAIT_MS, interval });
