import type { MailboxContext } from "../context.ts";
import type { Folder } from "../contract.ts";
import { MailError } from "../errors.ts";

export function listFolders(_ctx: MailboxContext): { folders: Folder[] } {
  throw new MailError("INVALID", "Not built yet");
}
