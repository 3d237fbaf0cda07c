import { notFound } from "../../lib/errors.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { changeListened, ringRooms } from "../chat/rings.ts";
import type { Ctx, Language, UserCtx } from "../context.ts";
import { enqueueSoon } from "../jobs.ts";
import { prepareMail, sendSoon } from "../mail/outbox.ts";
import { checkCode, prepareCode, requirePassword, wrongCode } from "./codes.ts";
import type { AccountMessageResponse } from "./responses.ts";
import type { Confirmation, Deletion } from "./schemas.ts";

/** Begins the deletion of the caller's account: mails a code. @throws ServiceError invalid for a wrong password; rate_limited */
export async function beginDeletion(ctx: UserCtx, { password }: Deletion): Promise<AccountMessageResponse> {
  const [row] = await ctx.db.all(sql<{ email: string; password: string | null; language: Language }>`
    SELECT email, password, language FROM hub_users WHERE id = ${ctx.user.id} AND deleted_at IS NULL`);
  if (!row) throw notFound("User");
  await requirePassword(ctx, row.password, password);
  const { code, insert } = await prepareCode(ctx, "delete");
  const { email: to, language } = row;
  const mail = await prepareMail(ctx, { to, language, kind: "delete-code", values: { code } });
  await ctx.db.batch([insert, mail.insert]);
  sendSoon(ctx, mail.id);
  return { message: "Verification code sent to email" };
}

/** Deletes the caller's account. @throws ServiceError invalid for a wrong code */
export async function confirmDeletion(ctx: UserCtx, { code }: Confirmation): Promise<void> {
  const { isThere } = await checkCode(ctx, "delete", code);
  if (!(await markDeleted(ctx, ctx.user.id, isThere))) throw wrongCode();
}

/**
 * Marks an account as deleted: nobody sees it any more, and its sessions end. A job erases it after that.
 * @param only a condition on the row of hub_users
 * @returns false if there is no such account
 */
export async function markDeleted(ctx: Ctx, userId: number, only = sql`1`): Promise<boolean> {
  const isGone = sql`EXISTS (SELECT 1 FROM hub_users WHERE id = ${userId} AND deleted_at IS NOT NULL)`;
  const removeFrom = (table: string): SQL =>
    sql`DELETE FROM ${sql.raw(table)} WHERE user_id = ${userId} AND ${isGone}`;
  const [marked, changed] = await ctx.db.batch([
    sql<{ id: number }>`
      UPDATE hub_users SET deleted_at = ${Date.now()} WHERE id = ${userId} AND deleted_at IS NULL AND ${only}
      RETURNING id`,
    changeListened(sql`${userId}`, isGone),
    ...["hub_sessions", "hub_codes", "hub_resets"].map(removeFrom),
  ]);
  if (marked.length === 0) return false;
  await ringRooms(ctx, changed, [userId]);
  enqueueSoon(ctx, { type: "delete-account", userId });
  return true;
}
