import { sql } from "../../platform/d1/sql.ts";
import type { Ctx } from "../context.ts";
import { ask, isNotFound } from "../engine.ts";
import { type AccountRow, ownerOf } from "./row.ts";

const DAY_MS = 86_400_000;

/** How long the address of a deleted account can come back with its history. */
const KEPT_MS = 90 * DAY_MS;

const AT_A_TIME = 20;

/**
 * Cron: erases the mailboxes of accounts that were deleted 90 days ago, and then their rows.
 * @returns how many are gone
 */
export async function removeFormer(ctx: Ctx): Promise<number> {
  const former = await ctx.db.all(sql<AccountRow>`
    SELECT * FROM es_accounts WHERE deleted_at <= ${Date.now() - KEPT_MS} ORDER BY deleted_at LIMIT ${AT_A_TIME}`);
  for (const row of former) {
    await erase(ctx, row);
    await ctx.db.run(sql`DELETE FROM es_accounts WHERE id = ${row.id} AND deleted_at = ${row.deleted_at}`);
  }
  return former.length;
}

/** @throws ServiceError if the mailbox cannot be reached. One that was never opened is erased already */
async function erase(ctx: Ctx, row: AccountRow): Promise<void> {
  try {
    await ask(ctx, ownerOf(row), (mailbox, owner) => mailbox.erase(owner));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
