import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PASSWORD } from "../../../dev/mail-servers/surroundings.ts";

const PROGRAM = fileURLToPath(new URL("second_client.py", import.meta.url));

/** A command of second_client.py. */
export type Command = { do: string } & Record<string, unknown>;

/** Python's imaplib in a process of its own: a client of a mailbox that shares no code with ours. */
export interface SecondClient {
  /** @throws Error with the command and what the server has said */
  run<Value>(command: Command): Promise<Value>;
  stop(): void;
}

/** Logs in without TLS. Commands run one after another. */
export async function startSecondClient(port: number, user: string): Promise<SecondClient> {
  const child = spawn("python3", [PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
  // They end with the process, and do not keep it.
  child.unref();
  for (const pipe of [child.stdin, child.stdout] as unknown as Socket[]) pipe.unref();
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  const ask = async (command: Command) => {
    child.stdin.write(`${JSON.stringify(command)}\n`);
    const { value: line, done } = await answers.next();
    if (done) throw new Error(`The second client has ended at ${JSON.stringify(command)}`);
    const { value, error } = JSON.parse(line);
    if (error) throw new Error(error);
    return value;
  };
  const run = <Value>(command: Command): Promise<Value> => {
    const answer = last.then(() => ask(command));
    last = answer.catch(() => {});
    return answer;
  };
  await run({ do: "open", port, user, password: PASSWORD });
  return { run, stop: () => void child.kill() };
}
