import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { StoredFile } from "../contract.ts";
import { notFound } from "../errors.ts";
import type { Part } from "../mime/parts.ts";
import { accountOf } from "../store/account.ts";
import { writtenFile } from "../store/written.ts";
import { fileNameOf, isFile } from "./attachments.ts";
import { storePart } from "./store-part.ts";

/** What is being stored, by mailbox and key: who asks meanwhile waits for it. */
const running = new WeakMap<DurableObjectStorage, Map<string, Promise<number>>>();

/**
 * Stores an attachment in the bucket, unless it is there; an upload is there already.
 * @throws MailError NOT_FOUND, TOO_LARGE, and as `atSource` does
 */
export async function storeFile(ctx: MailboxContext, attachmentId: string): Promise<StoredFile> {
  const { accountId } = accountOf(ctx);
  const [account, ...rest] = attachmentId.split("-");
  if (account !== accountId) throw notFound("Attachment");
  const [messageId = "", number = ""] = rest;
  return rest.length === 1 ? uploadOf(ctx, attachmentId) : partFile(ctx, accountId, messageId, number);
}

function uploadOf(ctx: MailboxContext, uploadId: string): StoredFile {
  const row = rowOf<{ key: string; filename: string; mime_type: string; size: number }>(
    ctx,
    "SELECT key, filename, mime_type, size FROM uploads WHERE id = ?",
    uploadId,
  );
  if (!row) throw notFound("Attachment");
  return { key: row.key, filename: row.filename, mimeType: row.mime_type, size: row.size };
}

async function partFile(
  ctx: MailboxContext,
  accountId: string,
  messageId: string,
  number: string,
): Promise<StoredFile> {
  const part = partsOf(ctx, messageId).find((each) => each.part === number && isFile(each));
  if (!part) throw notFound("Attachment");
  const written = writtenFile(ctx, messageId, number);
  if (written) return written;
  const key = `mail/${accountId}/${messageId}/${number}`;
  const size = await once(ctx, key, () => sizeInBucket(ctx, messageId, part, key));
  return { key, filename: fileNameOf(part), mimeType: part.type, size };
}

function partsOf(ctx: MailboxContext, messageId: string): Part[] {
  const row = rowOf<{ parts: string }>(
    ctx,
    `SELECT parts FROM messages WHERE id = ?1 AND EXISTS (SELECT 1 FROM places WHERE message_id = ?1)`,
    messageId,
  );
  return row ? JSON.parse(row.parts) : [];
}

/** The size of what the bucket has under the key. What it does not have is stored. */
async function sizeInBucket(
  ctx: MailboxContext,
  messageId: string,
  part: Part,
  key: string,
): Promise<number> {
  const there = await ctx.env.ATTACHMENTS.head(key);
  if (there) return there.size;
  const size = await storePart(ctx, messageId, part, key);
  const parts = partsOf(ctx, messageId).map((each) =>
    each.part === part.part ? { ...each, storedSize: size } : each,
  );
  ctx.sql.exec("UPDATE messages SET parts = ? WHERE id = ?", JSON.stringify(parts), messageId);
  return size;
}

/** Runs work once at a time for each key. */
function once(ctx: MailboxContext, key: string, work: () => Promise<number>): Promise<number> {
  const keys = running.get(ctx.storage) ?? new Map<string, Promise<number>>();
  running.set(ctx.storage, keys);
  const found = keys.get(key);
  if (found) return found;
  const result = work().finally(() => keys.delete(key));
  keys.set(key, result);
  return result;
}
