import { sql } from "drizzle-orm";
import type { CurrentUser } from "../../auth/token.ts";
import { ApiError } from "../../lib/errors.ts";
import { toHex } from "../../lib/hex.ts";
import { sha256Hex } from "../../lib/hmac.ts";
import { nowSeconds } from "../../lib/time.ts";
import { type Ctx, ofNoCompany, type UserCtx } from "../context.ts";
import type { TicketResponse } from "./schemas.ts";

const LIFE_SECONDS = 60;

/** A key to one stream, so that no token, which opens everything and for longer, has to stand in a URL. */
export async function issueTicket(ctx: UserCtx): Promise<TicketResponse> {
  const ticket = toHex(crypto.getRandomValues(new Uint8Array(32)));
  await ofNoCompany(ctx).db.run(sql`
    INSERT INTO ems_stream_tickets (digest, claims, expires_at)
    VALUES (${await sha256Hex(ticket)}, ${JSON.stringify(ctx.user)}, ${nowSeconds() + LIFE_SECONDS})`);
  return { ticket, expires_in: LIFE_SECONDS };
}

/**
 * Takes a ticket. Of several who bring the same one, only the first gets in.
 * @returns the claims of the token that it was issued for
 * @throws ApiError 401
 */
export async function redeemTicket(ctx: Ctx, ticket: string): Promise<CurrentUser> {
  const [row] = await ofNoCompany(ctx).db.all<{ claims: string; expires_at: number }>(sql`
    DELETE FROM ems_stream_tickets WHERE digest = ${await sha256Hex(ticket)} RETURNING claims, expires_at`);
  const user: CurrentUser | null = row && row.expires_at > nowSeconds() ? JSON.parse(row.claims) : null;
  if (!user || user.exp <= nowSeconds()) {
    throw new ApiError(401, `Invalid, used or expired ticket: it opens one stream, within ${LIFE_SECONDS} s`);
  }
  return user;
}
