import { type SQL, sql } from "drizzle-orm/sql";
import { notFound, ServiceError } from "../../lib/errors.ts";
import { toIso } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { throwUnavailable } from "../provider/unavailable.ts";
import type { attachments } from "../schema/mail.ts";
import { keyOf, type StoredAttachment, storeAttachment } from "./fetch.ts";
import { presign } from "./presign.ts";
import type { AttachmentResponse } from "./schemas.ts";

export interface AttachmentRow
  extends Pick<
    RowOf<typeof attachments>,
    "id" | "message_id" | "filename" | "content_type" | "size_bytes" | "is_inline" | "created_at"
  > {
  /** Its place among the mail's. */
  nth: number;
}

/** @throws ServiceError `not_found` when the message is not one of the caller's */
export async function listAttachments(ctx: UserCtx, messageId: string): Promise<AttachmentResponse[]> {
  const [messages, rows] = await batch(ctx, [
    sql`SELECT 1 FROM ems_messages WHERE id = ${messageId} AND company_id ${inCompanies(ctx)}`,
    selectAttachments(ctx, sql`SELECT ${messageId} AS id`),
  ]);
  if (!messages.length) throw notFound("Message");
  return groupByMessage(rows).get(messageId) ?? [];
}

/**
 * Selects the attachments of those messages that are the caller's, for `groupByMessage`.
 * @param ids a SELECT of message ids, as `id`
 */
export const selectAttachments = (ctx: UserCtx, ids: SQL): SQL<AttachmentRow> => sql`
  SELECT a.rowid AS nth, a.id, a.message_id, a.filename, a.content_type, a.size_bytes, a.is_inline, a.created_at
  FROM (${ids}) page CROSS JOIN ems_attachments a ON a.message_id = page.id
  WHERE +a.company_id ${inCompanies(ctx)}`;

/** @returns by message id, in the order of the mail; messages without any are not in it */
export const groupByMessage = (rows: AttachmentRow[]): Map<string, AttachmentResponse[]> =>
  Map.groupBy(rows.toSorted((a, b) => a.nth - b.nth).map(toResponse), ({ message_id }) => message_id);

/**
 * A URL that serves the attachment's bytes for an hour to whoever holds it. Bytes that are not in R2 yet are
 * brought there first.
 * @throws ServiceError `not_found`; `provider_failed` when the provider fails
 */
export async function getDownloadUrl(ctx: UserCtx, id: string): Promise<string> {
  const [attachment] = await ctx.db.all(sql<StoredAttachment & RowOf<typeof attachments>>`
    SELECT a.*, m.provider_message_id, c.grant_id
    FROM ems_attachments a JOIN ems_messages m ON m.id = a.message_id JOIN ems_accounts c ON c.id = a.account_id
    WHERE a.id = ${id} AND a.company_id ${inCompanies(ctx)}`);
  if (!attachment) throw notFound("Attachment");
  const stored = await storeAttachment(ctx, attachment).catch(throwUnavailable);
  if (!stored) throw new ServiceError("not_found", "The mail provider has this attachment no more");
  return presign(ctx, {
    key: keyOf(attachment),
    filename: attachment.filename,
    contentType: attachment.content_type,
  });
}

const toResponse = ({ nth: _, ...row }: AttachmentRow): AttachmentResponse => ({
  ...row,
  is_inline: row.is_inline === 1,
  created_at: toIso(row.created_at),
});
