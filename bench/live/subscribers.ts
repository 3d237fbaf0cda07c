import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Cleanup } from "../support/cleanup.ts";

/** A command to the client process. */
export type Command =
  | {
      kind: "open";
      urls: string[];
      /** The first event of each stream; null for none. */
      greeting: string | null;
      /** Name of the event to record. */
      counted: string;
    }
  | { kind: "count" | "report" | "close" };

/** Totals over all streams. */
export interface StreamCounts {
  events: number;
  comments: number;
  closed: number;
}

export type Reply = { ms: number } | StreamCounts | { arrivals: Float64Array[] } | Record<never, never>;

/** Many streams in a separate process. */
export interface Subscribers {
  pid: number;
  /** @returns milliseconds until the last stream was open */
  open(options: Omit<Extract<Command, { kind: "open" }>, "kind">): Promise<number>;
  count(): Promise<StreamCounts>;
  /** Arrival times of the events by stream, on the clock of `now`. */
  arrivals(): Promise<Float64Array[]>;
  close(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the client process, without streams. */
export function startSubscribers(cleanup: Cleanup): Subscribers {
  const child = fork(fileURLToPath(new URL("clients.ts", import.meta.url)), { serialization: "advanced" });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const stop = cleanup.defer(async () => {
    child.kill();
    await exited;
  });
  const ask = createAsker(child);
  return {
    pid: child.pid ?? 0,
    open: async (options) => ((await ask({ kind: "open", ...options })) as { ms: number }).ms,
    count: async () => (await ask({ kind: "count" })) as StreamCounts,
    arrivals: async () => ((await ask({ kind: "report" })) as { arrivals: Float64Array[] }).arrivals,
    close: async () => void (await ask({ kind: "close" })),
    stop,
  };
}

interface Answer {
  id: number;
  reply?: Reply;
  error?: string;
}

function createAsker(child: ChildProcess): (command: Command) => Promise<Reply> {
  const waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  let last = 0;
  child.on("message", (message) => {
    const { id, reply = {}, error } = message as Answer;
    if (error === undefined) waiting.get(id)?.resolve(reply);
    else waiting.get(id)?.reject(new Error(error));
    waiting.delete(id);
  });
  child.once("exit", () => {
    for (const { reject } of waiting.values()) reject(new Error("The client process has ended"));
  });
  return (command) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve, reject });
      child.send({ id, ...command });
    });
}
