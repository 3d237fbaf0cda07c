import { badField } from "../../lib/field-errors.ts";
import { isSameText } from "../../lib/hmac.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { CODE_LIFE_MS, digestOf, MAX_GUESSES, newCode } from "../auth/codes.ts";
import { verifyPassword } from "../auth/passwords.ts";
import type { UserCtx } from "../context.ts";
import { countUse } from "../limits.ts";

/** What a code confirms. */
type CodeKind = "email" | "delete";

/**
 * Requires the caller's password. An account without one, which signs in by Google alone, needs only the code.
 * @throws ServiceError invalid without the right password; rate_limited before anything is hashed
 */
export async function requirePassword(
  ctx: UserCtx,
  hash: string | null,
  password: string | undefined,
): Promise<void> {
  await countUse(ctx, "signin", `user ${ctx.user.id}`);
  if (hash === null) return;
  if (!password) throw badField("password", "This field is required.");
  if (!(await verifyPassword(password, hash))) throw badField("password", "Wrong password.");
}

/**
 * Makes a code. The one before it of the same kind ends.
 * @param email the new one of a change
 * @returns the code for the mail, and the statement for the batch that stores the mail
 */
export async function prepareCode(
  ctx: UserCtx,
  kind: CodeKind,
  email: string | null = null,
): Promise<{ code: string; insert: SQL }> {
  const code = newCode();
  const digest = await digestIn(ctx, kind, code);
  const insert = sql`
    INSERT INTO hub_codes (user_id, kind, code_digest, email, expires_at)
    VALUES (${ctx.user.id}, ${kind}, ${digest}, ${email}, ${Date.now() + CODE_LIFE_MS})
    ON CONFLICT (user_id, kind) DO UPDATE SET
      code_digest = excluded.code_digest, guesses = 0, email = excluded.email, expires_at = excluded.expires_at`;
  return { code, insert };
}

/**
 * Checks a guess of a code. Each counts, also of guesses at the same moment: the fifth wrong one ends the code. There are
 * ten a day, whatever the number of codes.
 * @returns the condition that this code is still there, for the statements that it confirms; and the e-mail of a change
 * @throws ServiceError invalid for a wrong or dead code; rate_limited
 */
export async function checkCode(
  ctx: UserCtx,
  kind: CodeKind,
  code: string,
): Promise<{ isThere: SQL; email: string | null }> {
  const { db, user } = ctx;
  await countUse(ctx, "code_email", `user ${user.id}`);
  const digest = await digestIn(ctx, kind, code);
  const [guessed] = await db.all(sql<{ code_digest: string; email: string | null }>`
    UPDATE hub_codes SET guesses = guesses + 1
    WHERE user_id = ${user.id} AND kind = ${kind} AND guesses < ${MAX_GUESSES} AND expires_at > ${Date.now()}
    RETURNING code_digest, email`);
  if (!guessed || !isSameText(guessed.code_digest, digest)) throw wrongCode();
  const isThere = sql`EXISTS (
    SELECT 1 FROM hub_codes WHERE user_id = ${user.id} AND kind = ${kind} AND code_digest = ${digest})`;
  return { isThere, email: guessed.email };
}

/** The error for a wrong code, and for one that has ended. */
export const wrongCode = () => badField("code", "The code is wrong or has expired.");

const digestIn = (ctx: UserCtx, kind: CodeKind, code: string): Promise<string> =>
  digestOf(ctx, `code ${kind}`, `${ctx.user.id} ${code}`);
