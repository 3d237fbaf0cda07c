import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Undo = () => Promise<unknown> | unknown;

const UNDO_MS = 3000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Actions to undo at the end, in reverse order. */
export class Cleanup {
  readonly #undos: Undo[] = [];

  /** Registers `undo` for the end. @returns a function that runs it earlier, instead of at the end */
  defer(undo: Undo): () => Promise<void> {
    this.#undos.push(undo);
    return async () => {
      const at = this.#undos.lastIndexOf(undo);
      if (at >= 0) this.#undos.splice(at, 1);
      if (at >= 0) await undo();
    };
  }

  /** Starts all undo actions without waiting, for a process that is exiting. */
  abandon(): void {
    for (let undo = this.#undos.pop(); undo; undo = this.#undos.pop()) {
      try {
        Promise.resolve(undo()).catch(() => {});
      } catch {
        // The process is exiting, so ignore errors.
      }
    }
  }

  /** Runs all undo actions. Reports errors and continues. */
  async run(): Promise<void> {
    for (let undo = this.#undos.pop(); undo; undo = this.#undos.pop()) {
      try {
        await within(UNDO_MS, undo);
      } catch (error) {
        console.error(error);
      }
    }
  }
}

/** Waits for `undo`, with a time limit: a process that was killed may never respond. */
async function within(limit: number, undo: Undo): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isOver = new Promise((resolve) => {
    timer = setTimeout(resolve, limit);
  });
  try {
    await Promise.race([undo(), isOver]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs `work` in a new folder and cleans up afterwards, also after an error or a signal.
 * @returns the result of `work`
 */
export async function cleaningUp<T>(work: (cleanup: Cleanup, directory: string) => Promise<T>): Promise<T> {
  const cleanup = new Cleanup();
  const directory = mkdtempSync(join(tmpdir(), "xabar-bench-"));
  cleanup.defer(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    console.error("\nStopping …");
    void cleanup.run().then(() => process.exit(130));
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  // Miniflare also listens for signals, and exits without waiting for us.
  const abandon = () => cleanup.abandon();
  process.on("exit", abandon);
  try {
    return await work(cleanup, directory);
  } catch (error) {
    // Errors during the shutdown are expected.
    if (isStopping) return await new Promise(() => {});
    throw error;
  } finally {
    await cleanup.run();
    for (const signal of SIGNALS) process.off(signal, stop);
    process.off("exit", abandon);
  }
}
