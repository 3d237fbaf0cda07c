import { sql } from "../../platform/d1/sql.ts";
import type { Ctx } from "../context.ts";
import { enqueueJob } from "../jobs.ts";
import { objectOf } from "./rows.ts";

/** How many files one step deletes. */
const STEP = 200;

/** After this, what no row refers to is what an upload has left behind. */
const DAY_MS = 24 * 3600_000;

/** Job: deletes files that nothing refers to any more, and goes on by a job of its own while there are more. */
export async function deleteFilesOn(ctx: Ctx): Promise<void> {
  if ((await deleteFiles(ctx)) === STEP) await enqueueJob(ctx, { type: "delete-files" });
}

/**
 * Deletes objects of files that nothing refers to any more, then their rows. If it breaks off, the next one repeats it.
 * @returns how many
 */
export async function deleteFiles({ db, env }: Ctx): Promise<number> {
  const rows = await db.all(sql<{ key: string }>`
    SELECT key FROM hub_files WHERE deleted_at IS NOT NULL ORDER BY deleted_at LIMIT ${STEP}`);
  if (rows.length === 0) return 0;
  const keys = rows.map(({ key }) => key);
  await env.ATTACHMENTS.delete(keys.map(objectOf));
  await db.run(
    sql`DELETE FROM hub_files WHERE key IN (SELECT value FROM json_each(${JSON.stringify(keys)}))`,
  );
  return rows.length;
}

/** Drops files of uploads that came to nothing: `deleteFiles` deletes them. @returns how many */
export async function dropUnusedFiles({ db }: Ctx): Promise<number> {
  const now = Date.now();
  const dropped = await db.all(sql`
    UPDATE hub_files SET deleted_at = ${now} WHERE key IN (
      SELECT key FROM hub_files WHERE is_used = 0 AND created_at < ${now - DAY_MS} AND deleted_at IS NULL
      ORDER BY created_at LIMIT ${STEP}) RETURNING key`);
  return dropped.length;
}
