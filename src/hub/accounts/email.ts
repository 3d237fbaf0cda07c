import { notFound } from "../../lib/errors.ts";
import { badField } from "../../lib/field-errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { Language, UserCtx } from "../context.ts";
import { prepareMail, sendSoon } from "../mail/outbox.ts";
import { checkCode, prepareCode, requirePassword, wrongCode } from "./codes.ts";
import type { AccountMessageResponse } from "./responses.ts";
import type { Confirmation, EmailChange } from "./schemas.ts";

/**
 * Begins a change of e-mail: mails a code to the new address.
 * @throws ServiceError invalid for a wrong password, or an address that somebody has; rate_limited
 */
export async function beginEmailChange(
  ctx: UserCtx,
  { new_email, password }: EmailChange,
): Promise<AccountMessageResponse> {
  const [row] = await ctx.db.all(sql<{ password: string | null; language: Language }>`
    SELECT password, language FROM hub_users WHERE id = ${ctx.user.id} AND deleted_at IS NULL`);
  if (!row) throw notFound("User");
  await requirePassword(ctx, row.password, password);
  await refuseTaken(ctx, new_email);
  const { code, insert } = await prepareCode(ctx, "email", new_email);
  const { language } = row;
  const mail = await prepareMail(ctx, { to: new_email, language, kind: "email-code", values: { code } });
  await ctx.db.batch([insert, mail.insert]);
  sendSoon(ctx, mail.id);
  return {
    message: "A verification code has been sent to your new email address to update your email.",
  };
}

/**
 * Ends a change of e-mail. Links that were mailed to the old address die, and so does a sign-up of the new one.
 * @throws ServiceError invalid for a wrong code, or an address that somebody has taken meanwhile
 */
export async function confirmEmailChange(
  ctx: UserCtx,
  { code }: Confirmation,
): Promise<AccountMessageResponse> {
  const { db, user } = ctx;
  const { isThere, email } = await checkCode(ctx, "email", code);
  if (email === null) throw wrongCode();
  try {
    const [changed] = await db.batch([
      sql<{ id: number }>`
        UPDATE hub_users SET email = ${email} WHERE id = ${user.id} AND deleted_at IS NULL AND ${isThere}
        RETURNING id`,
      sql`DELETE FROM hub_resets WHERE user_id = ${user.id} AND ${isThere}`,
      sql`DELETE FROM hub_signups WHERE email_key = ${email.toLowerCase()} AND ${isThere}`,
      sql`DELETE FROM hub_codes WHERE user_id = ${user.id} AND kind = 'email' AND ${isThere}`,
    ]);
    if (changed.length === 0) throw wrongCode();
  } catch (error) {
    // Race: somebody has verified the address after the code was sent. The unique index has refused the whole batch. The
    // address is the caller's own if only the answer was lost.
    await refuseTaken(ctx, email, sql`id <> ${user.id}`);
    throw error;
  }
  return { message: "Email successfully updated" };
}

async function refuseTaken({ db }: UserCtx, email: string, by = sql`1`): Promise<void> {
  const taken = await db.all(
    sql`SELECT 1 FROM hub_users WHERE lower(email) = ${email.toLowerCase()} AND ${by}`,
  );
  if (taken.length) throw badField("new_email", "User with this email already exists.");
}
