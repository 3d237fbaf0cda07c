import { notFound } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import { changeListened, ringRooms } from "../chat/rings.ts";
import type { Ctx, Language, OpenCtx } from "../context.ts";
import { enqueueJob } from "../jobs.ts";
import { countUse } from "../limits.ts";
import { prepareMail, sendSoon } from "../mail/outbox.ts";
import { hashPassword } from "./passwords.ts";
import { prepareReset, resetDigest } from "./resets.ts";
import type { MessageResponse } from "./responses.ts";
import type { ForgotPassword, ResetPassword } from "./schemas.ts";
import { emailKey } from "./sign-up.ts";

/**
 * Mails a reset link. Security: a job does the work, so that neither the answer nor its time tells whether the e-mail has
 * an account. The queue repeats it; when the queue itself fails, the caller must know.
 * @throws ServiceError rate_limited
 * @throws Error when the queue fails
 */
export async function forgotPassword(ctx: OpenCtx, { email }: ForgotPassword): Promise<MessageResponse> {
  const key = emailKey(email);
  await countUse(ctx, "forget_password", key);
  await enqueueJob(ctx, { type: "reset-link", email: key, origin: ctx.origin });
  return { message: "Password reset link has been sent to your email" };
}

/** Job: mails a reset link, if the e-mail has an account. Done twice, it mails two links, which both work. */
export async function mailLink(ctx: Ctx, job: { email: string; origin: string }): Promise<void> {
  const [user] = await ctx.db.all(sql<{ id: number; email: string; language: Language }>`
    SELECT id, email, language FROM hub_users WHERE lower(email) = ${job.email} AND deleted_at IS NULL`);
  if (!user) return;
  const { link, insert } = await prepareReset({ ...ctx, origin: job.origin }, user.id);
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
  const [[set], changed] = await ctx.db.batch([
    sql<{ id: number }>`UPDATE hub_users SET password = ${hash} WHERE id = (${owner}) RETURNING id`,
    changeListened(sql`(${owner})`),
    sql`DELETE FROM hub_sessions WHERE user_id = (${owner})`,
    sql`DELETE FROM hub_codes WHERE user_id = (${owner})`,
    sql`DELETE FROM hub_resets WHERE user_id = (${owner})`,
  ]);
  if (!set) throw notFound("Link");
  await ringRooms(ctx, changed, [set.id]);
  return { message: "Your password has been successfully updated" };
}
