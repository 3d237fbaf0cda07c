import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Cleanup } from "../support/cleanup.ts";
import type { Distribution } from "../support/statistics.ts";

/** A request to send. */
export interface Request {
  method: "GET" | "POST" | "PATCH";
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
}

/** Requests to one origin. */
export interface Lane {
  /** The origin. */
  url: string;
  /** Taken in order by the next free connection. */
  requests: Request[];
}

/** The requests to send, and for how long. */
export interface Load {
  /** Connections are divided among them. */
  lanes: Lane[];
  /** Whether to send each request once, and to end after the last response. */
  once: boolean;
  /** Number of connections, with one request each. */
  concurrency: number;
  warmUpSeconds: number;
  /** Seconds, after the warm-up. */
  seconds: number;
  /** Process ids of the target. */
  pids: number[];
}

/** The results of a load during the measured time. */
export interface Measured {
  answers: number;
  seconds: number;
  /** From sending a request to the end of its response, in milliseconds. */
  latency: Distribution;
  /** CPU of the target in seconds. */
  cpu: number;
  /** CPU of the generator in seconds. */
  generatorCpu: number;
  /** CPU of unrelated processes, as a share of a core. */
  bystandersCpuShare: number;
  /** Average size of a response body in bytes. */
  bytes: number;
  /** Responses other than 2xx and broken connections, warm-up included. */
  failures: number;
  /** Description of the first failure. */
  failure: string | null;
  /** Responses, warm-up included. */
  answered: number;
}

/** A separate process that sends requests, so that sending does not disturb the measurement. */
export interface Generator {
  run(load: Load): Promise<Measured>;
}

/** Starts the process without a load. */
export function startGenerator(cleanup: Cleanup): Generator {
  const child = fork(fileURLToPath(new URL("generator.ts", import.meta.url)), { serialization: "advanced" });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  cleanup.defer(async () => {
    child.kill();
    await exited;
  });
  return { run: (load) => ask(child, load) };
}

/** The reply of the process to a load. */
export type Reply = { measured: Measured } | { error: string };

function ask(child: ChildProcess, load: Load): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error("The load generator has ended"));
    child.once("exit", onExit);
    child.once("message", (reply: Reply) => {
      child.off("exit", onExit);
      if ("error" in reply) reject(new Error(reply.error));
      else resolve(reply.measured);
    });
    child.send(load);
  });
}
