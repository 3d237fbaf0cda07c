import { invalid, notFound } from "../../lib/errors.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { sql } from "../../platform/d1/sql.ts";
import { inCompanies, type UserCtx } from "../context.ts";
import { throwUnavailable } from "../provider/unavailable.ts";
import type { attachments } from "../schema/mail.ts";
import { keyOf, type StoredAttachment, storeAttachment } from "./fetch.ts";
import { shownBy } from "./images.ts";
import { findUploads, USABLE_DAYS, uploadKeyOf } from "./uploads.ts";

/** An attachment of an outgoing mail, with its bytes in R2. */
export interface StoredFile {
  key: string;
  filename: string;
  content_type: string;
  size_bytes: number;
  /** The Content-ID that the HTML refers to; null for a plain attachment. */
  content_id: string | null;
}

type Row = StoredAttachment & RowOf<typeof attachments>;

/**
 * Loads a message's attachments for forwarding. Their bytes are in R2 when this returns.
 * @param html the new mail's HTML, which decides what is inline
 * @throws ServiceError not_found for an attachment the provider no longer has; provider_failed when the provider
 *   fails
 */
export async function filesOf(ctx: UserCtx, messageId: string, html: string): Promise<StoredFile[]> {
  const rows = await ctx.db.all(sql<Row>`
    SELECT a.*, m.provider_message_id, c.grant_id
    FROM ems_attachments a JOIN ems_messages m ON m.id = a.message_id JOIN ems_accounts c ON c.id = a.account_id
    WHERE a.message_id = ${messageId} AND a.company_id ${inCompanies(ctx)} ORDER BY a.rowid`);
  return storeAll(ctx, rows, html);
}

/**
 * Loads the files that a new mail names, in the order of the ids: uploads, and attachments of the company's messages.
 * @param html as for `filesOf`
 * @throws ServiceError invalid for a repeated id, for one that the company does not have and for an upload that is older
 *   than 30 days; and as `filesOf`
 */
export async function filesNamed(
  ctx: UserCtx,
  companyId: number,
  ids: string[],
  html: string,
): Promise<StoredFile[]> {
  if (new Set(ids).size < ids.length) throw invalid("attachment_ids: names a file twice");
  const shownId = shownBy(html);
  const files = new Map<string, StoredFile>();
  for (const upload of await findUploads(ctx, companyId, ids)) {
    const { filename, content_type, size_bytes, content_id } = upload;
    const key = uploadKeyOf(upload);
    files.set(upload.id, { key, filename, content_type, size_bytes, content_id: shownId(content_id) });
  }
  const others = ids.filter((id) => !files.has(id));
  const rows = others.length === 0 ? [] : await findAttachments(ctx, companyId, others);
  if (rows.length < others.length)
    throw invalid(
      `attachment_ids: no such upload in this company in the last ${USABLE_DAYS} days, and no such attachment`,
    );
  const stored = await storeAll(ctx, rows, html);
  for (const [nth, { id }] of rows.entries()) files.set(id, stored[nth]!);
  return ids.map((id) => files.get(id)!);
}

const findAttachments = (ctx: UserCtx, companyId: number, ids: string[]): Promise<Row[]> =>
  ctx.db.all(sql<Row>`
    SELECT a.*, m.provider_message_id, c.grant_id
    FROM json_each(${JSON.stringify(ids)}) j CROSS JOIN ems_attachments a ON a.id = j.value
      JOIN ems_messages m ON m.id = a.message_id JOIN ems_accounts c ON c.id = a.account_id
    WHERE a.company_id = ${companyId} AND +a.company_id ${inCompanies(ctx)}`);

async function storeAll(ctx: UserCtx, rows: Row[], html: string): Promise<StoredFile[]> {
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
