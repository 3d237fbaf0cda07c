import { sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import { userNotFound } from "../errors.ts";
import { mailingObject } from "../mailing-object.ts";

/** For how long nobody else goes on with an erasure that somebody has taken up. */
const LEASE_MS = 300_000;
/** A round of cron, side by side: each may wait for sign-outs of accounts that do not answer. */
const BATCH = 10;

/**
 * Deletes a user: nobody sees the user any more, and all the user's accounts are signed out and erased. What cannot be done
 * at once is done by cron. Repeatable.
 * @throws ServiceError not_found
 */
export async function deleteUser(ctx: Ctx, id: number): Promise<void> {
  const now = Date.now();
  const [row] = await ctx.db.all(sql<{ id: number }>`
    UPDATE telegram_users SET deleted_at = ${now}, active_until = NULL WHERE id = ${id} RETURNING id`);
  if (!row) throw userNotFound();
  await eraseUser(ctx, id, now);
}

/** Cron: goes on with erasures that have not come to an end. @returns how many it tried */
export async function finishDeletions(ctx: Ctx): Promise<number> {
  const due = await ctx.db.all(sql<{ id: number; deleted_at: number }>`
    SELECT id, deleted_at FROM telegram_users WHERE deleted_at IS NOT NULL AND deleted_at < ${Date.now() - LEASE_MS}
    ORDER BY deleted_at LIMIT ${BATCH}`);
  await Promise.all(
    due.map(async ({ id, deleted_at }) => {
      const now = Date.now();
      const taken = await ctx.db.all(sql<{ id: number }>`
        UPDATE telegram_users SET deleted_at = ${now} WHERE id = ${id} AND deleted_at = ${deleted_at} RETURNING id`);
      if (taken.length > 0) await eraseUser(ctx, id, now);
    }),
  );
  return due.length;
}

/**
 * Erases the object of a user, then the row.
 * @param takenAt Race: only who took the erasure up last may free the id, for a user to be made again
 */
async function eraseUser(ctx: Ctx, id: number, takenAt: number): Promise<void> {
  try {
    if (!(await mailingObject({ env: ctx.env, user: { id } }).erase())) return;
    await ctx.db.run(sql`DELETE FROM telegram_users WHERE id = ${id} AND deleted_at = ${takenAt}`);
  } catch (error) {
    log("error", "erasure.failed", { module: "telegram", user: id, error });
  }
}
