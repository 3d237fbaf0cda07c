import { sql } from "drizzle-orm";
import { log } from "../../lib/log.ts";
import { inCompanies, type UserCtx } from "../context.ts";
import { imageType, type Picture, picturesOf } from "./images.ts";
import { presign } from "./presign.ts";
import { keyOf, type StoredAttachment, storeAttachment } from "./storage.ts";

type InlineImage = StoredAttachment & Picture;

/**
 * URLs of the images that a message's HTML shows by Content-ID, each good for an hour. Bytes that are not in R2 yet
 * are brought there first; an image that the provider fails to give is left out.
 * @returns by Content-ID
 */
export async function inlineUrls(
  ctx: UserCtx,
  messageId: string,
  contentIds: string[],
): Promise<Map<string, string>> {
  if (contentIds.length === 0) return new Map();
  const files = await ctx.db.all<InlineImage>(sql`
    SELECT a.*, m.provider_message_id, c.grant_id
    FROM ems_attachments a JOIN ems_messages m ON m.id = a.message_id JOIN ems_accounts c ON c.id = a.account_id
    WHERE a.message_id = ${messageId} AND +a.company_id ${inCompanies(ctx)} AND a.content_id IS NOT NULL
    ORDER BY a.is_inline DESC, a.rowid`);
  const pictures = picturesOf(contentIds, files);
  // One picture may be shown under several spellings of its id.
  const urls = new Map<InlineImage, Promise<string | null>>();
  for (const file of pictures.values()) if (!urls.has(file)) urls.set(file, urlOf(ctx, file));
  const found = new Map<string, string>();
  for (const [id, file] of pictures) {
    const url = await urls.get(file);
    if (url) found.set(id, url);
  }
  return found;
}

async function urlOf(ctx: UserCtx, image: InlineImage): Promise<string | null> {
  try {
    if (!(await storeAttachment(ctx, image))) return null;
  } catch (error) {
    log("warn", "attachment.not_shown", { id: image.id, error });
    return null;
  }
  const contentType = imageType(image) ?? "application/octet-stream";
  return presign(ctx, { key: keyOf(image), filename: image.filename, contentType });
}
