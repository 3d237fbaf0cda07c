import { startChild } from "../../support/child.ts";
import type { Cleanup } from "../../support/cleanup.ts";
import type { Distribution } from "../../support/statistics.ts";

/** Where somebody comes in. Without a token the socket is open at once, else after `hello`. */
export interface Door {
  url: string;
  token: string | null;
}

/** What to send: a number of messages a second, or a number that is on its way at a time. */
export interface Talk {
  group: string;
  messages: number;
  pace: { rate: number } | { together: number };
}

/** What the sockets of a group heard. */
export interface Heard {
  expected: number;
  delivered: number;
  /** Until the last message was sent. */
  sendSeconds: number;
  /** Until the last delivery. */
  seconds: number;
  /** Of each delivery, in milliseconds, from just before its message was sent. */
  latency: Distribution;
  /** Sockets that heard another order than the first one, or something twice. */
  disordered: number;
  /** Of an event, on average. */
  bytes: number;
  /** The longest wait that slow mode told. */
  slowSeconds: number;
  /** Some of what was heard instead of a message. */
  refusals: string[];
  /** Of the sockets' process. */
  cpuSeconds: number;
}

export type Command =
  | { kind: "open"; group: string; doors: Door[] }
  | ({ kind: "talk" } & Talk)
  | { kind: "ping" | "count"; group: string }
  | { kind: "resume"; door: Door };

/** Groups of sockets in a separate process. */
export interface ChatSockets {
  pid: number;
  /** @returns milliseconds until the last one listens */
  open(group: string, doors: Door[]): Promise<number>;
  talk(talk: Talk): Promise<Heard>;
  /** @returns the number of pongs */
  ping(group: string): Promise<number>;
  /** @returns how many are open */
  count(group: string): Promise<number>;
  /** Opens one more, from a position on. @returns how many messages it gets that it has missed */
  resume(door: Door): Promise<number>;
}

/** Starts the process, without sockets. */
export function startChatSockets(cleanup: Cleanup): ChatSockets {
  const { pid, ask } = startChild<Command>(cleanup, new URL("clients.ts", import.meta.url));
  return {
    pid,
    open: (group, doors) => ask({ kind: "open", group, doors }),
    talk: (talk) => ask({ kind: "talk", ...talk }),
    ping: (group) => ask({ kind: "ping", group }),
    count: (group) => ask({ kind: "count", group }),
    resume: (door) => ask({ kind: "resume", door }),
  };
}
