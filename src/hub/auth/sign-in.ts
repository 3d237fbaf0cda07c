import { ServiceError } from "../../lib/errors.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { Ctx, OpenCtx } from "../context.ts";
import { throttled } from "../errors.ts";
import { limitOf } from "../limits.ts";
import { hashPassword, needsRehash, verifyPassword } from "./passwords.ts";
import type { SignInResponse } from "./responses.ts";
import type { SignIn } from "./schemas.ts";
import { startSession } from "./sessions.ts";
import { emailKey, isWaiting, renewCode } from "./sign-up.ts";

/**
 * Signs somebody in by e-mail and password. Security: an unknown e-mail and a wrong password take the same statements
 * and one hash, and get the same answer.
 * @throws ServiceError unauthenticated; forbidden for the right password of an e-mail that is not verified, which gets a
 * new code; rate_limited, before anything is hashed
 */
export async function signIn(ctx: OpenCtx, { email, password }: SignIn): Promise<SignInResponse> {
  const key = emailKey(email);
  const [attempts, users, signups] = await ctx.db.batch([
    countAttempt(ctx, key),
    sql<{ id: number; email: string; password: string | null }>`
      SELECT id, email, password FROM hub_users WHERE lower(email) = ${key} AND deleted_at IS NULL`,
    sql<{ password: string | null }>`
      SELECT password FROM hub_signups WHERE email_key = ${key} AND ${isWaiting()}`,
  ]);
  refuseExcess(ctx, attempts[0]);
  const [user] = users;
  const hash = (user ?? signups[0])?.password ?? null;
  if (!(await verifyPassword(password, hash)) || hash === null) throw wrong();
  if (!user) {
    await renewCode(ctx, key, hash);
    throw new ServiceError("forbidden", "Email is not verified");
  }
  const also = needsRehash(hash) ? sql`, password = ${await hashPassword(password)}` : sql``;
  // Race: a new password that is set meanwhile ends all sessions, and this one must not begin after that.
  const token = await startSession(ctx, user.id, { only: sql`u.password = ${hash}`, also });
  return { status: true, email: user.email, token };
}

const wrong = () => new ServiceError("unauthenticated", "No active account found with the given credentials");

/**
 * Counts an attempt before its password is looked at, so that a thousand at once are ten. The count is by the time of
 * the last sign-in: after a success another row counts, without a write.
 */
function countAttempt(ctx: OpenCtx, key: string): SQL<{ count: number; ends_at: number }> {
  const [, seconds] = limitOf(ctx, "signin");
  const length = seconds * 1000;
  const endsAt = (Math.floor(Date.now() / length) + 1) * length;
  return sql<{ count: number; ends_at: number }>`
    INSERT INTO hub_attempts (ends_at, key, count)
    VALUES (${endsAt}, ${`${key} ${ctx.address} `} || ifnull(
      (SELECT last_login FROM hub_users WHERE lower(email) = ${key} AND deleted_at IS NULL), 0), 1)
    ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count, ends_at`;
}

function refuseExcess(ctx: Ctx, attempt: { count: number; ends_at: number } | undefined): void {
  const [times] = limitOf(ctx, "signin");
  if (attempt && attempt.count > times)
    throw throttled(Math.max(1, Math.ceil((attempt.ends_at - Date.now()) / 1000)));
}
