import type { MailboxContext } from "../context.ts";
import type { MailboxStatus } from "../contract.ts";
import { MailError } from "../errors.ts";

export function statusOf(_ctx: MailboxContext): MailboxStatus {
  throw new MailError("INVALID", "Not built yet");
}
