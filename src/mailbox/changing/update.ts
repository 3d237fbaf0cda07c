import type { MailboxContext } from "../context.ts";
import type { MessageChange, MessageDetail } from "../contract.ts";
import { MailError } from "../errors.ts";

export async function updateMessage(
  _ctx: MailboxContext,
  _messageId: string,
  _change: MessageChange,
): Promise<MessageDetail> {
  throw new MailError("INVALID", "Not built yet");
}
