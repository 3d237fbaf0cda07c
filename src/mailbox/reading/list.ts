import type { MailboxContext } from "../context.ts";
import type { ListQuery, Message } from "../contract.ts";
import { MailError } from "../errors.ts";

export function listMessages(
  _ctx: MailboxContext,
  _query: ListQuery,
): { messages: Message[]; total: number } {
  throw new MailError("INVALID", "Not built yet");
}
