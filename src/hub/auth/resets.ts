import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { Ctx, OpenCtx } from "../context.ts";
import { digestOf, newSecret } from "./codes.ts";

/** How long a link to set a new password is good for, in milliseconds. */
const RESET_LIFE_MS = 3_600_000;

/** What is stored of a link to set a new password. @param secret the last part of the link */
export const resetDigest = (ctx: Ctx, secret: string): Promise<string> => digestOf(ctx, "reset", secret);

/**
 * Makes a link to set a new password. It is good for an hour.
 * @returns the whole URL for the mail, and the statement for the batch that stores the mail
 */
export async function prepareReset(
  ctx: Ctx & Pick<OpenCtx, "origin">,
  userId: number,
): Promise<{ link: string; insert: SQL }> {
  const secret = newSecret();
  const digest = await resetDigest(ctx, secret);
  const page = ctx.config.HUB_RESET_URL ?? `${ctx.origin}/api/accounts/auth/reset-password/{link}/`;
  const insert = sql`
    INSERT INTO hub_resets (link_digest, user_id, expires_at)
    VALUES (${digest}, ${userId}, ${Date.now() + RESET_LIFE_MS})`;
  return { link: page.replaceAll("{link}", secret), insert };
}
