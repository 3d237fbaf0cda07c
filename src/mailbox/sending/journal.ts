import type { MailboxContext } from "../context.ts";
import type { OutgoingMail, Task } from "../contract.ts";
import { MailError } from "../errors.ts";

export async function acceptMail(
  _ctx: MailboxContext,
  _mail: OutgoingMail,
  _key: string | null,
): Promise<{ task: Task; messageId: string; isReplayed: boolean }> {
  throw new MailError("INVALID", "Not built yet");
}
