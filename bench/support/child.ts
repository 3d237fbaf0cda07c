import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Cleanup } from "./cleanup.ts";

/** A process that obeys commands. */
export interface Child<Command extends object> {
  pid: number;
  /** @throws Error if the command fails, or the process has ended */
  ask<Reply>(command: Command): Promise<Reply>;
  stop(): Promise<void>;
}

/** Starts a program of the bench that calls `obeyParent`. */
export function startChild<Command extends object>(cleanup: Cleanup, program: URL): Child<Command> {
  const child = fork(fileURLToPath(program), { serialization: "advanced" });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const stop = cleanup.defer(async () => {
    child.kill();
    await exited;
  });
  return { pid: child.pid ?? 0, ask: createAsker(child), stop };
}

interface Answer {
  id: number;
  reply?: unknown;
  error?: string;
}

function createAsker(child: ChildProcess) {
  const waiting = new Map<number, { resolve: (reply: unknown) => void; reject: (error: Error) => void }>();
  let last = 0;
  child.on("message", (message) => {
    const { id, reply, error } = message as Answer;
    if (error === undefined) waiting.get(id)?.resolve(reply);
    else waiting.get(id)?.reject(new Error(error));
    waiting.delete(id);
  });
  child.once("exit", () => {
    for (const { reject } of waiting.values()) reject(new Error("The client process has ended"));
  });
  return <Reply>(command: object) =>
    new Promise<Reply>((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve: (reply) => resolve(reply as Reply), reject });
      child.send({ id, ...command });
    });
}

/** In the child: obeys the commands of the parent, and ends with it. */
export function obeyParent<Command extends object>(obey: (command: Command) => Promise<unknown>): void {
  process.on("message", (command: Command & { id: number }) => {
    obey(command).then(
      (reply) => process.send?.({ id: command.id, reply }),
      (error: unknown) => process.send?.({ id: command.id, error: String(error) }),
    );
  });
  process.on("disconnect", () => process.exit());
}
