import type { RowOf } from "../../platform/d1/rows.ts";
import { sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import { createPartBuffer, putChunks } from "../../platform/put-chunks.ts";
import type { Ctx } from "../context.ts";
import { enqueueJob } from "../jobs.ts";
import type { accounts, attachments, messages } from "../schema/mail.ts";

/** The columns that a download from the provider needs. */
export type StoredAttachment = Pick<
  RowOf<typeof attachments>,
  "id" | "company_id" | "provider_attachment_id" | "stored_at"
> &
  Pick<RowOf<typeof messages>, "provider_message_id"> &
  Pick<RowOf<typeof accounts>, "grant_id">;

/** The R2 key of an attachment. Keys start with the company, so its files can be listed and deleted together. */
export const keyOf = ({ company_id, id }: Pick<StoredAttachment, "company_id" | "id">): string =>
  `attachments/${company_id}/${id}`;

/** Enqueues a job that stores a message's attachments. If the queue fails, the first download stores them. */
export async function enqueueDownload(ctx: Ctx, company_id: number, messageId: string): Promise<void> {
  try {
    await enqueueJob(ctx, { type: "store_attachments", company_id, message_id: messageId });
  } catch (error) {
    log("warn", "attachments.not_enqueued", { message: messageId, error });
  }
}

/**
 * Job: copies all attachments of a message from the provider to R2.
 * @throws ProviderError when the provider fails; the queue tries again
 */
export async function storeAttachments(ctx: Ctx, messageId: string): Promise<void> {
  const rows = await ctx.db.all(sql<StoredAttachment>`
    SELECT a.id, a.company_id, a.provider_attachment_id, a.stored_at, m.provider_message_id, c.grant_id
    FROM ems_attachments a JOIN ems_messages m ON m.id = a.message_id JOIN ems_accounts c ON c.id = a.account_id
    WHERE a.message_id = ${messageId} AND a.stored_at IS NULL`);
  for (const row of rows) await storeAttachment(ctx, row);
}

/**
 * Streams an attachment from the provider to R2, unless it is there already.
 * @returns false when the bytes are lost: the mailbox is disconnected, or the provider no longer has them
 * @throws ProviderError when the provider fails
 */
export async function storeAttachment(ctx: Ctx, attachment: StoredAttachment): Promise<boolean> {
  if (attachment.stored_at !== null) return true;
  if (attachment.grant_id === null) return false;
  const { provider_message_id, provider_attachment_id, grant_id } = attachment;
  const provider = ctx.providerOf({ grant_id });
  const download = await provider.download(grant_id, provider_message_id, provider_attachment_id);
  if (!download) return false;
  const { ATTACHMENTS } = ctx.env;
  const key = keyOf(attachment);
  // R2 needs the length of a stream. A body of unknown length is uploaded in parts.
  if (download.size === null) await putChunks(ATTACHMENTS, key, download.body, createPartBuffer());
  else await ATTACHMENTS.put(key, download.body.pipeThrough(new FixedLengthStream(download.size)));
  const stored = await ctx.db.all(sql`
    UPDATE ems_attachments SET stored_at = coalesce(stored_at, unixepoch()) WHERE id = ${attachment.id} RETURNING 1`);
  // The attachment was deleted concurrently, with its message.
  if (stored.length === 0) await ATTACHMENTS.delete(key);
  return stored.length > 0;
}
