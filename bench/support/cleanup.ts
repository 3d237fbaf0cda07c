import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Undo = () => Promise<unknown> | unknown;

const UNDO_MS = 3000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What has to be stopped and removed, last things first. */
export class Cleanup {
  readonly #undos: Undo[] = [];

  /** Has `undo` run at the end. @returns a function that runs it sooner, and then only once */
  defer(undo: Undo): () => Promise<void> {
    this.#undos.push(undo);
    return async () => {
      const at = this.#undos.lastIndexOf(undo);
      if (at >= 0) this.#undos.splice(at, 1);
      if (at >= 0) await undo();
    };
  }

  /** For a process that is ending already: begins to undo everything, and waits for nothing. */
  abandon(): void {
    for (let undo = this.#undos.pop(); undo; undo = this.#undos.pop()) {
      try {
        Promise.resolve(undo()).catch(() => {});
      } catch {
        // Nobody is left to be told.
      }
    }
  }

  /** Undoes everything; what fails is reported and holds up nothing else. */
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

/** Settles with `undo`, or when its time is over: what was killed from outside may never answer. */
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
 * Runs `work` in a folder of its own, and cleans up after it: also after an error, and when the process is told
 * to end.
 * @returns what `work` returned
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
  // Miniflare, too, listens for signals, and then exits without waiting for us.
  const abandon = () => cleanup.abandon();
  process.on("exit", abandon);
  try {
    return await work(cleanup, directory);
  } catch (error) {
    // What fails because everything is being stopped is no news.
    if (isStopping) return await new Promise(() => {});
    throw error;
  } finally {
    await cleanup.run();
    for (const signal of SIGNALS) process.off(signal, stop);
    process.off("exit", abandon);
  }
}
