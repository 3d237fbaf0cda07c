import { notFound } from "../../lib/errors.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { sql } from "../../platform/d1/sql.ts";
import { inCompanies, type UserCtx } from "../context.ts";
import { throwUnavailable } from "../provider/unavailable.ts";
import type { attachments } from "../schema/mail.ts";
import { keyOf, type StoredAttachment, storeAttachment } from "./fetch.ts";
import { shownBy } from "./images.ts";

/** An attachment of an outgoing mail, with its bytes in R2. */
export interface StoredFile {
  key: string;
  filename: string;
  content_type: string;
  size_bytes: number;
  /** The Content-ID that the HTML refers to; null for a plain attachment. */
  content_id: string | null;
}

/**
 * Loads a message's attachments for forwarding. Their bytes are in R2 when this returns.
 * @param html the new mail's HTML, which decides what is inline
 * @throws ServiceError not_found for an attachment the provider no longer has; provider_failed when the provider
 *   fails
 */
export async function filesOf(ctx: UserCtx, messageId: string, html: string): Promise<StoredFile[]> {
  const rows = await ctx.db.all(sql<StoredAttachment & RowOf<typeof attachments>>`
    SELECT a.*, m.provider_message_id, c.grant_id
    FROM ems_attachments a JOIN ems_messages m ON m.id = a.message_id JOIN ems_accounts c ON c.id = a.account_id
    WHERE a.message_id = ${messageId} AND a.company_id ${inCompanies(ctx)} ORDER BY a.rowid`);
  const shownId = shownBy(html);
  const files: StoredFile[] = [];
  for (const row of rows) {
    if (!(await storeAttachment(ctx, row).catch(throwUnavailable)))
      throw notFound(`Attachment ${row.filename}`);
    const { filename, content_type, content_id } = row;
    const key = keyOf(row);
    // The provider's size may be an estimate.
    const size_bytes = (await ctx.env.ATTACHMENTS.head(key))?.size ?? row.size_bytes;
    files.push({ key, filename, content_type, size_bytes, content_id: shownId(content_id) });
  }
  return files;
}
