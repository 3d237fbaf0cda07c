import type { MailboxContext } from "../context.ts";
import type { Attachment, StoredFile } from "../contract.ts";
import { MailError } from "../errors.ts";

export function addUpload(_ctx: MailboxContext, _file: StoredFile): Attachment {
  throw new MailError("INVALID", "Not built yet");
}
