import { sql } from "../../../platform/d1/sql.ts";
import type { Ctx } from "../../context.ts";
import { dropFiles } from "../../media/rows.ts";

/** After this, a file that no message has goes. */
const DAY_MS = 24 * 3600_000;
/** Rows of one step. */
const STEP = 200;

/**
 * Cron: removes files that no message has got within a day. Race: one transaction decides, so that a message that takes
 * a file at this moment either keeps it or is told that it is gone.
 * @returns how many
 */
export async function removeTemporaryFiles({ db }: Ctx): Promise<number> {
  const old = sql`
    SELECT id FROM hub_chat_files WHERE is_temporary = 1 AND uploaded_at < ${Date.now() - DAY_MS}
    ORDER BY uploaded_at, id LIMIT ${STEP}`;
  const [, removed] = await db.batch([
    dropFiles(sql`(SELECT file FROM hub_chat_files WHERE id IN (${old}))`),
    sql`DELETE FROM hub_chat_files WHERE id IN (${old}) RETURNING id`,
  ]);
  return removed.length;
}
