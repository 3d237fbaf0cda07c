import { sql } from "drizzle-orm/sql";
import type { RowOf } from "../../platform/d1/rows.ts";
import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import { enqueueJob } from "../jobs.ts";
import type { accounts, attachments, messages } from "../schema/mail.ts";
import { createPartBuffer, putChunks } from "./put-chunks.ts";

/** What is needed to bring an attachment's bytes from the provider to R2. */
export type StoredAttachment = Pick<
  RowOf<typeof attachments>,
  "id" | "company_id" | "provider_attachment_id" | "stored_at"
> &
  Pick<RowOf<typeof messages>, "provider_message_id"> &
  Pick<RowOf<typeof accounts>, "grant_id">;

/** R2 keys start with the company, so that a company's files can be listed, counted and removed. */
export const keyOf = ({ company_id, id }: Pick<StoredAttachment, "company_id" | "id">): string =>
  `attachments/${company_id}/${id}`;

/** Asks for a message's attachments to be stored. If the queue fails, the first download will store them. */
export async function enqueueDownload(ctx: Ctx, messageId: string): Promise<void> {
  try {
    await enqueueJob(ctx, { type: "store_attachments", message_id: messageId });
  } catch (error) {
    log("warn", "attachments.not_enqueued", { messageId, error });
  }
}

/**
 * Job: brings all attachments of a message to R2.
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
 * Streams an attachment's bytes from the provider to R2, unless they are there already.
 * @returns false when they cannot be had any more: the mailbox was disconnected or the provider has lost them
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
  // R2 wants to know the length of a stream; without one the bytes go there in parts.
  if (download.size === null) await putChunks(ATTACHMENTS, key, download.body, createPartBuffer());
  else await ATTACHMENTS.put(key, download.body.pipeThrough(new FixedLengthStream(download.size)));
  const stored = await ctx.db.all(sql`
    UPDATE ems_attachments SET stored_at = unixepoch() WHERE id = ${attachment.id} RETURNING 1`);
  // Deleted meanwhile, with its message.
  if (stored.length === 0) await ATTACHMENTS.delete(key);
  return stored.length > 0;
}
