import type { RowOf } from "../../platform/d1/rows.ts";
import { sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import { inCompanies, type UserCtx } from "../context.ts";
import type { attachments } from "../schema/mail.ts";
import { keyOf, type StoredAttachment, storeAttachment } from "./fetch.ts";
import { imageType, picturesOf } from "./images.ts";
import { presign } from "./presign.ts";

/** A Worker may open six connections at a time, and buffers up to 5 MB of each image. */
const AT_A_TIME = 6;
/** Larger images are left out. */
const MAX_BYTES = 25 * 1024 * 1024;

type InlineImage = StoredAttachment & RowOf<typeof attachments>;

/**
 * Presigned URLs of a message's inline images, valid for an hour. Images not in R2 yet are copied there first.
 * Images over 25 MB, or that the provider fails to return, are left out.
 * @returns URLs by Content-ID
 */
export async function inlineUrls(
  ctx: UserCtx,
  messageId: string,
  contentIds: string[],
): Promise<Map<string, string>> {
  if (contentIds.length === 0) return new Map();
  const files = await ctx.db.all(sql<InlineImage>`
    SELECT a.*, m.provider_message_id, c.grant_id
    FROM ems_attachments a JOIN ems_messages m ON m.id = a.message_id JOIN ems_accounts c ON c.id = a.account_id
    WHERE a.message_id = ${messageId} AND +a.company_id ${inCompanies(ctx)} AND a.content_id IS NOT NULL
    ORDER BY a.is_inline DESC, a.rowid`);
  const pictures = picturesOf(contentIds, files);
  // Several spellings of a Content-ID may lead to one image.
  const images = [...new Set(pictures.values())];
  const urls = new Map<InlineImage, string>();
  for (let start = 0; start < images.length; start += AT_A_TIME) {
    const urlOfOne = async (image: InlineImage) => {
      const url = await urlOf(ctx, image);
      if (url) urls.set(image, url);
    };
    await Promise.all(images.slice(start, start + AT_A_TIME).map(urlOfOne));
  }
  return new Map([...pictures].flatMap(([id, image]) => (urls.has(image) ? [[id, urls.get(image)!]] : [])));
}

async function urlOf(ctx: UserCtx, image: InlineImage): Promise<string | null> {
  if (image.size_bytes > MAX_BYTES) return null;
  try {
    if (!(await storeAttachment(ctx, image))) return null;
  } catch (error) {
    log("warn", "attachment.not_shown", { attachment: image.id, error });
    return null;
  }
  const contentType = imageType(image) ?? "application/octet-stream";
  return presign(ctx, { key: keyOf(image), filename: image.filename, contentType });
}
