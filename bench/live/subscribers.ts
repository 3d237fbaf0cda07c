import { startChild } from "../support/child.ts";
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
  const { pid, ask, stop } = startChild<Command>(cleanup, new URL("clients.ts", import.meta.url));
  return {
    pid,
    open: async (options) => (await ask<{ ms: number }>({ kind: "open", ...options })).ms,
    count: () => ask<StreamCounts>({ kind: "count" }),
    arrivals: async () => (await ask<{ arrivals: Float64Array[] }>({ kind: "report" })).arrivals,
    close: async () => void (await ask({ kind: "close" })),
    stop,
  };
}
