import type { MailboxContext } from "../context.ts";
import type { StoredFile } from "../contract.ts";
import { MailError } from "../errors.ts";

export async function storeFile(_ctx: MailboxContext, _attachmentId: string): Promise<StoredFile> {
  throw new MailError("INVALID", "Not built yet");
}
