import { notFound, ServiceError } from "../../lib/errors.ts";
import { toIso } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { throwUnavailable } from "../provider/unavailable.ts";
import type { attachments } from "../schema/mail.ts";
import { keyOf, type StoredAttachment, storeAttachment } from "./fetch.ts";
import { presign } from "./presign.ts";
import type { AttachmentResponse } from "./responses.ts";
import { findUpload, uploadKeyOf } from "./uploads.ts";

/** A row of `selectAttachments`. */
export interface AttachmentRow
  extends Pick<
    RowOf<typeof attachments>,
    | "id"
    | "message_id"
    | "filename"
    | "content_type"
    | "size_bytes"
    | "content_id"
    | "is_inline"
    | "created_at"
  > {
  /** Its order within the message. */
  nth: number;
}

/** Lists a message's attachments. @throws ServiceError not_found for a message outside the caller's companies */
export async function listAttachments(ctx: UserCtx, messageId: string): Promise<AttachmentResponse[]> {
  const [messages, rows] = await batch(ctx, [
    sql`SELECT 1 FROM ems_messages WHERE id = ${messageId} AND company_id ${inCompanies(ctx)}`,
    selectAttachments(ctx, sql`SELECT ${messageId} AS id`),
  ]);
  if (!messages.length) throw notFound("Message");
  return groupByMessage(rows).get(messageId) ?? [];
}

/**
 * Selects attachments of the caller's messages, for `groupByMessage`.
 * @param ids a SELECT of message ids, as `id`
 */
export const selectAttachments = (ctx: UserCtx, ids: SQL): SQL<AttachmentRow> => sql`
  SELECT a.rowid AS nth, a.id, a.message_id, a.filename, a.content_type, a.size_bytes, a.content_id, a.is_inline, a.created_at
  FROM (${ids}) page CROSS JOIN ems_attachments a ON a.message_id = page.id
  WHERE +a.company_id ${inCompanies(ctx)}`;

/** @returns attachments by message id, in the message's order; messages without any have no entry */
export const groupByMessage = (rows: AttachmentRow[]): Map<string, AttachmentResponse[]> =>
  Map.groupBy(rows.toSorted((a, b) => a.nth - b.nth).map(toResponse), ({ message_id }) => message_id);

/**
 * Creates a download URL of an attachment or an upload. It is valid for one hour and needs no token. Copies the bytes to
 * R2 first if needed.
 * @throws ServiceError not_found; provider_failed when the provider fails
 */
export async function getDownloadUrl(ctx: UserCtx, id: string): Promise<string> {
  const [attachment] = await ctx.db.all(sql<StoredAttachment & RowOf<typeof attachments>>`
    SELECT a.*, m.provider_message_id, c.grant_id
    FROM ems_attachments a JOIN ems_messages m ON m.id = a.message_id JOIN ems_accounts c ON c.id = a.account_id
    WHERE a.id = ${id} AND a.company_id ${inCompanies(ctx)}`);
  if (!attachment) return uploadUrl(ctx, id);
  const stored = await storeAttachment(ctx, attachment).catch(throwUnavailable);
  if (!stored) throw new ServiceError("not_found", "The mail provider no longer has this attachment");
  return presign(ctx, {
    key: keyOf(attachment),
    filename: attachment.filename,
    contentType: attachment.content_type,
  });
}

async function uploadUrl(ctx: UserCtx, id: string): Promise<string> {
  const upload = await findUpload(ctx, id);
  if (!upload) throw notFound("Attachment");
  const { filename, content_type: contentType } = upload;
  return presign(ctx, { key: uploadKeyOf(upload), filename, contentType });
}

const toResponse = ({ nth: _, ...row }: AttachmentRow): AttachmentResponse => ({
  ...row,
  is_inline: row.is_inline === 1,
  created_at: toIso(row.created_at),
});
