import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "../world/faults.ts";
import { type Connection, Disconnected } from "./connection.ts";

/**
 * Does a command as its fault has it.
 * @param work does the command, and answers
 * @param prefix of the fault's own answer: a tag of IMAP
 */
export async function withFault(
  connection: Connection,
  fault: Fault | undefined,
  work: () => Promise<unknown>,
  prefix = "",
): Promise<void> {
  if (!fault) return void (await work());
  if (fault.delayMs > 0) await sleep(fault.delayMs);
  if (fault.cutAfter !== undefined) connection.cutAfter(fault.cutAfter);
  for (const line of fault.before) connection.write(`${line}\r\n`);
  if (fault.answer !== undefined) {
    if (fault.answer !== "") connection.write(`${prefix}${fault.answer}\r\n`);
  } else if (fault.isLost) {
    await connection.muted(work);
  } else {
    await connection.rewriting(fault.replace, work);
  }
  for (const line of fault.after) connection.write(`${line}\r\n`);
  if (fault.finally === "hang") await connection.hang();
  if (fault.finally === "flood") await connection.flood(`${fault.after.at(-1) ?? "* OK Still here"}\r\n`);
  if (fault.finally !== "close") return;
  connection.close();
  throw new Disconnected("Cut off by a fault");
}
