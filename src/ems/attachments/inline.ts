import { sql } from "drizzle-orm";
import { log } from "../../lib/log.ts";
import { inCompanies, type UserCtx } from "../context.ts";
import { presign } from "./presign.ts";
import { keyOf, type StoredAttachment, storeAttachment } from "./storage.ts";

/** A Worker may have six connections opening at a time, and holds up to 5 MB of each image. */
const AT_A_TIME = 6;
/** A larger image is no part of a text. */
const MAX_BYTES = 25 * 1024 * 1024;

interface InlineImage extends StoredAttachment {
  size_bytes: number;
  filename: string;
  content_type: string;
  content_id: string;
}

/**
 * URLs of the images that a message's HTML shows by Content-ID, each good for an hour. Bytes that are not in R2 yet
 * are brought there first; an image that the provider fails to give, or over 25 MB, is left out.
 * @returns by Content-ID
 */
export async function inlineUrls(
  ctx: UserCtx,
  messageId: string,
  contentIds: string[],
): Promise<Map<string, string>> {
  if (contentIds.length === 0) return new Map();
  const images = await ctx.db.all<InlineImage>(sql`
    SELECT a.*, m.provider_message_id, c.grant_id
    FROM ems_attachments a JOIN ems_messages m ON m.id = a.message_id JOIN ems_accounts c ON c.id = a.account_id
    WHERE a.message_id = ${messageId} AND +a.company_id ${inCompanies(ctx)}
      AND a.content_id IN (SELECT value FROM json_each(${JSON.stringify(contentIds)}))`);
  const urls: (string | null)[] = [];
  for (let start = 0; start < images.length; start += AT_A_TIME) {
    const some = images.slice(start, start + AT_A_TIME);
    urls.push(...(await Promise.all(some.map((image) => urlOf(ctx, image)))));
  }
  return new Map(urls.flatMap((url, at) => (url ? [[images[at]!.content_id, url]] : [])));
}

async function urlOf(ctx: UserCtx, image: InlineImage): Promise<string | null> {
  const contentType = imageType(image);
  if (contentType === null || image.size_bytes > MAX_BYTES) return null;
  try {
    if (!(await storeAttachment(ctx, image))) return null;
  } catch (error) {
    log("warn", "attachment.not_shown", { id: image.id, error });
    return null;
  }
  return presign(ctx, { key: keyOf(image), filename: image.filename, contentType });
}

const TYPES: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  bmp: "image/bmp",
};

/** Only pictures of dots: an SVG is a document. Many mail programs call an image mere bytes, so its name counts. */
function imageType({ content_type, filename }: InlineImage): string | null {
  const type = content_type.toLowerCase();
  if (Object.values(TYPES).includes(type)) return type;
  if (type === "image/jpg") return "image/jpeg";
  if (type !== "application/octet-stream") return null;
  const extension = /\.(\w{3,4})$/.exec(filename)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(TYPES, extension) ? (TYPES[extension] ?? null) : null;
}
