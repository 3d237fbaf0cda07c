import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Cleanup } from "../support/cleanup.ts";
import type { Distribution } from "../support/statistics.ts";

/** One request, as it goes over the wire. */
export interface Request {
  method: "GET" | "POST" | "PATCH";
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
}

/** What to ask, and for how long. */
export interface Load {
  /** An origin. */
  url: string;
  /** Taken in turn, by whichever connection is free. */
  requests: Request[];
  /** Whether each request is sent once: when the last is answered, the load ends sooner. */
  once: boolean;
  /** Connections, each with one request under way. */
  concurrency: number;
  warmUpSeconds: number;
  /** Measured, after the warm-up. */
  seconds: number;
  /** The processes that answer. */
  pids: number[];
}

/** What came of a load, in the time that was measured. */
export interface Measured {
  answers: number;
  seconds: number;
  /** From sending a request until the end of its answer, in milliseconds. */
  latency: Distribution;
  /** CPU of the processes that answer, in seconds. */
  cpu: number;
  /** CPU of the process that asks, in seconds. */
  generatorCpu: number;
  /** CPU of everything that has nothing to do with the bench, as a share of a core. */
  bystandersCpuShare: number;
  /** Bytes of an answer's body, on average. */
  bytes: number;
  /** Answers with a status other than 2xx, and connections that broke, warm-up included. */
  failures: number;
  /** The first of these in words. */
  failure: string | null;
  /** Requests that were answered, warm-up included. */
  answered: number;
}

/** A process of its own that asks, so that asking takes no time from who measures. */
export interface Generator {
  run(load: Load): Promise<Measured>;
}

/** Starts the process; it asks nothing yet. */
export function startGenerator(cleanup: Cleanup): Generator {
  const child = fork(fileURLToPath(new URL("generator.ts", import.meta.url)), { serialization: "advanced" });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  cleanup.defer(async () => {
    child.kill();
    await exited;
  });
  return { run: (load) => ask(child, load) };
}

/** What the process answers a load with. */
export type Reply = { measured: Measured } | { error: string };

function ask(child: ChildProcess, load: Load): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error("The process that asks has ended"));
    child.once("exit", onExit);
    child.once("message", (reply: Reply) => {
      child.off("exit", onExit);
      if ("error" in reply) reject(new Error(reply.error));
      else resolve(reply.measured);
    });
    child.send(load);
  });
}
