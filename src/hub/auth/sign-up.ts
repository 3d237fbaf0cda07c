import { badField } from "../../lib/field-errors.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { isUniqueViolation } from "../../platform/d1/unique.ts";
import type { Language, OpenCtx } from "../context.ts";
import { countUse } from "../limits.ts";
import { prepareMail, sendSoon } from "../mail/outbox.ts";
import { CODE_LIFE_MS, digestOf, newCode, newSecret } from "./codes.ts";
import { hashPassword } from "./passwords.ts";
import type { SignUpResponse } from "./responses.ts";
import type { SignUp } from "./schemas.ts";

/** How long a sign-up waits after its code has expired: its password still gets a new code. */
export const WAITING_MS = 24 * 3_600_000;

/** How often another code is chosen when the address has the same one. */
const TRIES = 10;

/** An e-mail as it is compared. */
export const emailKey = (email: string): string => email.toLowerCase();

/** The condition that a sign-up has not been forgotten yet. */
export const isWaiting = (): SQL => sql`expires_at > ${Date.now() - WAITING_MS}`;

/** The condition that a sign-up's code is good. @param guesses how many wrong ones end it */
export const isGood = (now: number, guesses: number): SQL =>
  sql`expires_at > ${now} AND guesses < ${guesses}`;

/**
 * Begins a sign-up, and mails its code. An e-mail that is not verified can be signed up again: the first password and
 * code are dead then, otherwise anybody could occupy it.
 * @returns the answer, and the secret of the cookie that says whose code it is
 * @throws ServiceError invalid for an e-mail that somebody has verified; rate_limited
 */
export async function signUp(
  ctx: OpenCtx,
  { email, password }: SignUp,
): Promise<{ answer: SignUpResponse; cookie: string }> {
  const key = emailKey(email);
  await countUse(ctx, "signup", key);
  const taken = await ctx.db.all(sql`SELECT 1 FROM hub_users WHERE lower(email) = ${key}`);
  if (taken.length) throw badField("email", "User with this email already exists.");
  const cookie = newSecret();
  const cookieDigest = await digestOf(ctx, "signup-cookie", cookie);
  const hash = await hashPassword(password);
  await mailCode(ctx, { to: email, language: ctx.language }, (codeDigest, now) => {
    const expiresAt = now + CODE_LIFE_MS;
    return sql`
      INSERT INTO hub_signups
        (email_key, email, password, language, code_digest, cookie_digest, address, expires_at, created_at)
      VALUES (${key}, ${email}, ${hash}, ${ctx.language}, ${codeDigest}, ${cookieDigest}, ${ctx.address},
        ${expiresAt}, ${now})
      ON CONFLICT (email_key) DO UPDATE SET email = excluded.email, password = excluded.password,
        language = excluded.language, code_digest = excluded.code_digest, guesses = 0,
        cookie_digest = excluded.cookie_digest, address = excluded.address, expires_at = excluded.expires_at,
        created_at = excluded.created_at`;
  });
  return { answer: { status: true, user: email }, cookie };
}

/**
 * Mails a new code for a sign-up that waits. Its address is the caller's from now on, who knows its password.
 * @param hash of the password, as it was compared: a sign-up that was replaced meanwhile stays as it is
 * @throws ServiceError rate_limited
 */
export async function renewCode(ctx: OpenCtx, key: string, hash: string): Promise<void> {
  await countUse(ctx, "signup", key);
  const [row] = await ctx.db.all(sql<{ email: string; language: Language }>`
    SELECT email, language FROM hub_signups WHERE email_key = ${key}`);
  if (!row) return;
  await mailCode(
    ctx,
    { to: row.email, language: row.language },
    (codeDigest, now) => sql`
      UPDATE hub_signups SET code_digest = ${codeDigest}, guesses = 0, address = ${ctx.address},
        expires_at = ${now + CODE_LIFE_MS}
      WHERE email_key = ${key} AND password = ${hash}`,
  );
}

/** Stores the digest of a new code together with its mail. Codes of one address differ, by a unique index. */
async function mailCode(
  ctx: OpenCtx,
  mail: { to: string; language: Language },
  store: (codeDigest: string, now: number) => SQL,
): Promise<void> {
  for (let left = TRIES; ; left--) {
    const code = newCode();
    const statement = store(await digestOf(ctx, "signup-code", code), Date.now());
    const { id, insert } = await prepareMail(ctx, { ...mail, kind: "signup-code", values: { code } });
    try {
      await ctx.db.batch([statement, insert]);
      sendSoon(ctx, id);
      return;
    } catch (error) {
      if (!isUniqueViolation(error) || left <= 1) throw error;
    }
  }
}
