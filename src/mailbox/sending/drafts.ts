import type { MailboxContext } from "../context.ts";
import type { OutgoingMail } from "../contract.ts";
import { MailError } from "../errors.ts";

export async function saveDraft(
  _ctx: MailboxContext,
  _mail: OutgoingMail,
  _draftId: string | null,
): Promise<{ draftId: string; createdAt: number }> {
  throw new MailError("INVALID", "Not built yet");
}
