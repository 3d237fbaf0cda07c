import { notFound } from "../../../lib/errors.ts";
import { type SQL, sql } from "../../../platform/d1/sql.ts";
import { type File, type FileLook, openFile } from "../../../platform/files.ts";
import type { Ctx } from "../../context.ts";
import { isSeenNow } from "../../stories/audience.ts";
import { objectOf } from "../rows.ts";
import { isSigned, type Signed, viewerOf } from "../urls.ts";

/** A copy is asked for again each time, so that deletion works at once. Most answers are then 304. */
export const CACHE_CONTROL = "private, no-cache";

/** The version of a file: its bytes never change. */
export const etagOf = ({ key }: FoundFile): string => `"${key}"`;

/** A file that may be served. */
export interface FoundFile {
  key: string;
  content_type: string;
}

/**
 * Finds a file to serve. A story's file needs a signed URL, and its viewer must see the story at this moment. A chat's
 * file needs a signed URL.
 * @throws ServiceError not_found alike for a file that is unknown, unused or deleted, and for a URL that is forged or old
 */
export async function findFile(ctx: Ctx, key: string, query: Signed): Promise<FoundFile> {
  if (!/^[0-9a-f]{32}$/.test(key)) throw notFound("File");
  const viewer = await viewerOf(ctx.config, key, query);
  const isForChat = (await isSigned(ctx.config, key, query)) ? 1 : 0;
  const seesStory = viewer === null ? sql`FALSE` : isStorySeen(viewer);
  const [row] = await ctx.db.all(sql<FoundFile>`
    SELECT f.key, f.content_type FROM hub_files f JOIN hub_users u ON u.id = f.owner_id
    WHERE f.key = ${key} AND f.is_used = 1 AND f.deleted_at IS NULL AND u.deleted_at IS NULL
      AND (f.kind <> 'story' OR ${seesStory}) AND (f.kind <> 'chat' OR ${isForChat})`);
  if (!row) throw notFound("File");
  return row;
}

/** The condition that a viewer sees the story that a file belongs to. The owner sees it in the archive, too. */
const isStorySeen = (viewer: number): SQL => sql`(f.owner_id = ${viewer} OR EXISTS (
  SELECT 1 FROM hub_stories s
  WHERE s.media = f.key AND s.owner_id = f.owner_id AND ${isSeenNow(viewer, Date.now())}))`;

/** Opens a file that was found. @throws ServiceError as `openFile` */
export async function readFile(
  { env }: Ctx,
  file: FoundFile,
  range: NonNullable<R2GetOptions["range"]>,
): Promise<File & FileLook> {
  const isShown = /^(image|video|audio)\//.test(file.content_type);
  return {
    ...(await openFile(env.ATTACHMENTS, objectOf(file.key), range)),
    etag: etagOf(file),
    contentType: file.content_type,
    contentDisposition: isShown ? "inline" : "attachment",
    cacheControl: CACHE_CONTROL,
  };
}
