import { uuidv7 } from "../../lib/ids.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { Ctx } from "../context.ts";
import { enqueueSoon } from "../jobs.ts";
import { dropFiles, useFile } from "../media/rows.ts";
import type { StoredFile } from "../media/store.ts";

/**
 * Gives images to a post that has none.
 * @param posts an SQL expression to put after IN: the post's id, or nothing if it may not get them
 */
export function addImages(posts: SQL, files: StoredFile[]): SQL[] {
  const images = JSON.stringify(files.map(({ key }) => ({ id: uuidv7(), key })));
  const insert = sql`
    INSERT INTO hub_post_images (id, post_id, position, file, created_at)
    SELECT j.value->>'id', p.id, j.key, j.value->>'key', ${Date.now()}
    FROM hub_posts p CROSS JOIN json_each(${images}) j WHERE p.id IN ${posts}`;
  // A file that no post got must go after a day.
  const isGiven = sql`EXISTS (SELECT 1 FROM hub_posts WHERE id IN ${posts})`;
  return files.length === 0 ? [] : [insert, ...files.map(({ key }) => sql`${useFile(key)} AND ${isGiven}`)];
}

/** Takes the images of posts away, with their files. @param posts an SQL expression to put after IN: the posts' ids */
export const removeImages = (posts: SQL): SQL[] => [
  dropFiles(sql`(SELECT file FROM hub_post_images WHERE post_id IN ${posts})`),
  sql`DELETE FROM hub_post_images WHERE post_id IN ${posts}`,
];

/** Lets a job delete the objects of dropped files after the response. It never fails: cron finds them too. */
export const deleteFilesSoon = (ctx: Ctx): void => enqueueSoon(ctx, { type: "delete-files" });
