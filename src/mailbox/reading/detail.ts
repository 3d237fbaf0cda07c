import type { MailboxContext } from "../context.ts";
import type { MessageDetail } from "../contract.ts";
import { MailError } from "../errors.ts";

export async function getMessage(_ctx: MailboxContext, _messageId: string): Promise<MessageDetail> {
  throw new MailError("INVALID", "Not built yet");
}
