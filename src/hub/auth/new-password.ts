import { notFound } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import type { Language, OpenCtx } from "../context.ts";
import { countUse } from "../limits.ts";
import { prepareMail, sendSoon } from "../mail/outbox.ts";
import { hashPassword } from "./passwords.ts";
import { prepareReset, resetDigest } from "./resets.ts";
import type { MessageResponse } from "./responses.ts";
import type { ForgotPassword, ResetPassword } from "./schemas.ts";
import { emailKey } from "./sign-up.ts";

/**
 * Mails a reset link. Security: the work is done after the response, so that neither the answer nor its time tells
 * whether the e-mail has an account.
 * @throws ServiceError rate_limited
 */
export async function forgotPassword(ctx: OpenCtx, { email }: ForgotPassword): Promise<MessageResponse> {
  const key = emailKey(email);
  await countUse(ctx, "forget_password", key);
  ctx.defer(mailLink(ctx, key).catch((error) => log("error", "hub.reset_not_mailed", { error })));
  return { message: "Password reset link has been sent to your email" };
}

async function mailLink(ctx: OpenCtx, key: string): Promise<void> {
  const [user] = await ctx.db.all(sql<{ id: number; email: string; language: Language }>`
    SELECT id, email, language FROM hub_users WHERE lower(email) = ${key} AND deleted_at IS NULL`);
  if (!user) return;
  const { link, insert } = await prepareReset(ctx, user.id);
  const { email: to, language } = user;
  const mail = await prepareMail(ctx, { to, language, kind: "reset-link", values: { link } });
  await ctx.db.batch([insert, mail.insert]);
  sendSoon(ctx, mail.id);
}

/**
 * Sets a new password by a link. It ends all sessions, links and codes of the account.
 * @throws ServiceError not_found for a link that is unknown, used or expired
 */
export async function resetPassword(
  ctx: OpenCtx,
  secret: string,
  { new_password }: ResetPassword,
): Promise<MessageResponse> {
  const digest = await resetDigest(ctx, secret);
  const owner = sql`
    SELECT r.user_id FROM hub_resets r JOIN hub_users u ON u.id = r.user_id
    WHERE r.link_digest = ${digest} AND r.expires_at > ${Date.now()} AND u.deleted_at IS NULL`;
  if ((await ctx.db.all(owner)).length === 0) throw notFound("Link");
  const hash = await hashPassword(new_password);
  // Race: of two uses at once the second finds no link any more. So the links go last.
  const [set] = await ctx.db.batch([
    sql<{ id: number }>`UPDATE hub_users SET password = ${hash} WHERE id = (${owner}) RETURNING id`,
    sql`DELETE FROM hub_sessions WHERE user_id = (${owner})`,
    sql`DELETE FROM hub_codes WHERE user_id = (${owner})`,
    sql`DELETE FROM hub_resets WHERE user_id = (${owner})`,
  ]);
  if (set.length === 0) throw notFound("Link");
  return { message: "Your password has been successfully updated" };
}
