import { ServiceError } from "../../lib/errors.ts";
import { toHex } from "../../lib/hex.ts";
import { hmacHex, isSameText, sha256Hex } from "../../lib/hmac.ts";
import { nowSeconds } from "../../lib/time.ts";
import { sql } from "../../platform/d1/sql.ts";
import { type Ctx, ofNoCompany, type UserCtx } from "../context.ts";
import { ownKey } from "../own-key.ts";
import { type CurrentUser, noteUser } from "../user.ts";
import type { TicketResponse } from "./responses.ts";

const LIFE_SECONDS = 60;

/**
 * Issues a ticket that opens one stream within 60 s. It goes into the URL in place of the token, which would give full
 * access for longer. It has 64 hex digits: the expiry, 12 random bytes, and half of their HMAC (RFC 2104 section 5).
 * The HMAC rejects forged tickets without a database query.
 */
export async function issueTicket(ctx: UserCtx): Promise<TicketResponse> {
  const expires_at = nowSeconds() + LIFE_SECONDS;
  const until = expires_at.toString(16).padStart(8, "0");
  const claim = until + toHex(crypto.getRandomValues(new Uint8Array(12)));
  const ticket = claim + (await macOf(ctx, claim));
  await ofNoCompany(ctx).db.run(sql`
    INSERT INTO ems_stream_tickets (digest, claims, expires_at)
    VALUES (${await sha256Hex(ticket)}, ${JSON.stringify(ctx.user)}, ${expires_at})`);
  return { ticket, expires_in: LIFE_SECONDS };
}

const macOf = async ({ config }: Ctx, claim: string): Promise<string> =>
  (await hmacHex(await ownKey(config, "stream tickets"), claim)).slice(0, 32);

/** True for a ticket that we issued and that has not expired. Only the database knows whether it was used. */
async function isOurs(ctx: Ctx, ticket: string): Promise<boolean> {
  const [, claim, until, mac] = /^(([0-9a-f]{8})[0-9a-f]{24})([0-9a-f]{32})$/.exec(ticket) ?? [];
  if (!claim || !until || !mac || Number.parseInt(until, 16) <= nowSeconds()) return false;
  return isSameText(mac, await macOf(ctx, claim));
}

/**
 * Redeems a ticket. Concurrent requests with the same ticket race for one DELETE, so only one succeeds.
 * @returns the claims of the token that it was issued for
 * @throws ServiceError unauthenticated
 */
export async function redeemTicket(ctx: Ctx, ticket: string): Promise<CurrentUser> {
  if (!(await isOurs(ctx, ticket))) throw refused();
  const [row] = await ofNoCompany(ctx).db.all(sql<{ claims: string; expires_at: number }>`
    DELETE FROM ems_stream_tickets WHERE digest = ${await sha256Hex(ticket)} RETURNING claims, expires_at`);
  const user: CurrentUser | null = row && row.expires_at > nowSeconds() ? JSON.parse(row.claims) : null;
  if (!user || user.exp <= nowSeconds()) throw refused();
  return noteUser(user);
}

const refused = () =>
  new ServiceError(
    "unauthenticated",
    `Invalid, used or expired ticket: a ticket opens one stream, within ${LIFE_SECONDS} s`,
  );
