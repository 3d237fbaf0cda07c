import { nowSeconds } from "../../lib/time.ts";
import { sql } from "../../platform/d1/sql.ts";
import { type AccountRow, ownerOf } from "../accounts/row.ts";
import type { Ctx } from "../context.ts";
import { ask, isNotFound } from "../engine.ts";

const AT_A_TIME = 100;

/**
 * Cron: deletes uploads that never reached their mailbox. What the mailbox has is its own, though the row remained.
 * @returns how many were due
 */
export async function collectGarbage(ctx: Ctx): Promise<number> {
  const due = await ctx.db.all(sql<{ key: string }>`
    SELECT key FROM es_garbage WHERE due_at <= ${nowSeconds()} ORDER BY due_at LIMIT ${AT_A_TIME}`);
  for (const { key } of due) {
    if (!(await isOwned(ctx, key))) await ctx.env.ATTACHMENTS.delete(key);
    await ctx.db.run(sql`DELETE FROM es_garbage WHERE key = ${key}`);
  }
  return due.length;
}

/** @throws ServiceError if the mailbox cannot say */
async function isOwned(ctx: Ctx, key: string): Promise<boolean> {
  const [, accountId = "", id = ""] = /^mail\/([^/]+)\/uploads\/([^/]+)$/.exec(key) ?? [];
  const [row] = await ctx.db.all(sql<AccountRow>`SELECT * FROM es_accounts WHERE id = ${accountId}`);
  if (!row) return false;
  try {
    await ask(ctx, ownerOf(row), (mailbox, owner) => mailbox.file(owner, id));
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
