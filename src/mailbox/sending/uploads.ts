import { CUID } from "../../lib/cuid.ts";
import { fileName } from "../../lib/line.ts";
import type { MailboxContext } from "../context.ts";
import type { Attachment, StoredFile } from "../contract.ts";
import { MailError } from "../errors.ts";
import { accountOf } from "../store/account.ts";

/**
 * Takes over a file in the bucket, for mails to come. Its key ends with the id that it gets; so a second call changes nothing.
 * @throws MailError INVALID for a key of no upload of this account
 */
export function addUpload(ctx: MailboxContext, file: StoredFile): Attachment {
  const { accountId } = accountOf(ctx);
  const folder = `mail/${accountId}/uploads/`;
  const id = file.key.slice(folder.length);
  if (!file.key.startsWith(folder) || !id.startsWith(`${accountId}-u`) || !CUID.test(id.split("-u")[1] ?? ""))
    throw new MailError("INVALID", "Not the key of an upload");
  const { key, mimeType, size } = file;
  const filename = fileName(file.filename);
  ctx.sql.exec(
    "INSERT OR IGNORE INTO uploads (id, key, filename, mime_type, size, created_at) VALUES (?, ?, ?, ?, ?, ?)",
    ...[id, key, filename, mimeType, size, Date.now()],
  );
  return { id, messageId: "", filename, mimeType, size, contentId: null, isInline: false };
}
