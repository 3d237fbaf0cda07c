import type { MailboxContext } from "../context.ts";
import type { Task } from "../contract.ts";
import { MailError } from "../errors.ts";

export async function requestSync(
  _ctx: MailboxContext,
  _scope: { force: boolean; folders: string[] },
): Promise<Task> {
  throw new MailError("INVALID", "Not built yet");
}
