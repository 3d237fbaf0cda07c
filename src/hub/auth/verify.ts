import { badField } from "../../lib/field-errors.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { OpenCtx } from "../context.ts";
import { throttled } from "../errors.ts";
import { countUse, limitOf } from "../limits.ts";
import { digestOf, MAX_GUESSES } from "./codes.ts";
import type { MessageResponse } from "./responses.ts";
import type { EmailVerify } from "./schemas.ts";
import { emailKey, isGood } from "./sign-up.ts";

/**
 * Makes the account of a sign-up by its code. Whose code it is says the e-mail, else the cookie of the sign-up, else the
 * caller's address. A wrong code counts for every sign-up that it could have been of.
 * @param cookie its secret, if the caller has one
 * @throws ServiceError invalid, alike for a wrong, an expired and a dead code; rate_limited
 */
export async function verifyEmail(
  ctx: OpenCtx,
  { code, email }: EmailVerify,
  cookie: string | undefined,
): Promise<MessageResponse> {
  await countUse(ctx, "code_address", ctx.address);
  const digest = await digestOf(ctx, "signup-code", code);
  const [times, seconds] = limitOf(ctx, "code_email");
  const now = Date.now();
  const live = sql`${await possible(ctx, email, cookie, now)} AND ${isGood(now, MAX_GUESSES)}`;
  // The sign-up that the code is of, unless its e-mail has had too many wrong ones.
  const meant = sql`${live} AND code_digest = ${digest} AND NOT ${isExhausted(times, now)}`;
  // Race: one transaction, so that the guesses of a hundred requests at once are a hundred.
  const [exhausted, , , made] = await ctx.db.batch([
    sql<{ ends_at: number }>`
      SELECT l.ends_at FROM hub_signups s JOIN hub_limits l ON l.key = 'code_email ' || s.email_key
      WHERE ${live} AND l.ends_at > ${now} AND l.count >= ${times} LIMIT 1`,
    sql`INSERT INTO hub_limits (key, count, ends_at)
        SELECT 'code_email ' || email_key, 1, ${now + seconds * 1000} FROM hub_signups
        WHERE ${live} AND NOT EXISTS (SELECT 1 FROM hub_signups WHERE ${meant})
        ON CONFLICT (key) DO UPDATE SET count = iif(ends_at <= ${now}, 1, count + 1),
          ends_at = iif(ends_at <= ${now}, excluded.ends_at, ends_at)`,
    sql`UPDATE hub_signups SET guesses = guesses + 1
        WHERE ${live} AND NOT EXISTS (SELECT 1 FROM hub_signups WHERE ${meant})`,
    sql<{ id: number }>`
      INSERT INTO hub_users (email, password, language, date_joined)
      SELECT email, password, language, ${now} FROM hub_signups WHERE ${meant}
      ON CONFLICT DO NOTHING RETURNING id`,
    sql`DELETE FROM hub_signups WHERE ${meant}`,
  ]);
  if (made.length) return { message: "User is successfully activated" };
  const [limit] = exhausted;
  if (limit) throw throttled(Math.max(1, Math.ceil((limit.ends_at - now) / 1000)));
  throw badField("code", "Invalid or expired code.");
}

/** The condition on the sign-ups that a code may be of. */
async function possible(
  ctx: OpenCtx,
  email: string | undefined,
  cookie: string | undefined,
  now: number,
): Promise<SQL> {
  if (email !== undefined) return sql`email_key = ${emailKey(email)}`;
  if (cookie) {
    const own = sql`cookie_digest = ${await digestOf(ctx, "signup-cookie", cookie)}`;
    const found = await ctx.db.all(
      sql`SELECT 1 FROM hub_signups WHERE ${own} AND ${isGood(now, MAX_GUESSES)}`,
    );
    if (found.length) return own;
  }
  return sql`address = ${ctx.address}`;
}

/** The condition that the e-mail of a sign-up has had too many wrong codes, also of earlier sign-ups. */
const isExhausted = (times: number, now: number): SQL => sql`
  EXISTS (SELECT 1 FROM hub_limits l
    WHERE l.key = 'code_email ' || hub_signups.email_key AND l.ends_at > ${now} AND l.count >= ${times})`;
