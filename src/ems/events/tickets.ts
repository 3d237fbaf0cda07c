import { sql } from "drizzle-orm/sql";
import { ServiceError } from "../../lib/errors.ts";
import { toHex } from "../../lib/hex.ts";
import { hmacHex, isSameText, sha256Hex } from "../../lib/hmac.ts";
import { nowSeconds } from "../../lib/time.ts";
import { type Ctx, ofNoCompany, type UserCtx } from "../context.ts";
import { ownKey } from "../own-key.ts";
import type { CurrentUser } from "../user.ts";
import type { TicketResponse } from "./schemas.ts";

const LIFE_SECONDS = 60;

/**
 * A key to one stream, so that no token, which opens everything and for longer, has to stand in a URL. It is 64 hex
 * digits: when it ends, 12 random bytes, and half of an HMAC of both (RFC 2104 section 5), so that what we have not
 * issued never reaches the database.
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

/** Whether the ticket is one of ours that has not ended. Whether it was used only the database knows. */
async function isOurs(ctx: Ctx, ticket: string): Promise<boolean> {
  const [, claim, until, mac] = /^(([0-9a-f]{8})[0-9a-f]{24})([0-9a-f]{32})$/.exec(ticket) ?? [];
  if (!claim || !until || !mac || Number.parseInt(until, 16) <= nowSeconds()) return false;
  return isSameText(mac, await macOf(ctx, claim));
}

/**
 * Takes a ticket. Of several who bring the same one, only the first gets in.
 * @returns the claims of the token that it was issued for
 * @throws ServiceError unauthenticated
 */
export async function redeemTicket(ctx: Ctx, ticket: string): Promise<CurrentUser> {
  if (!(await isOurs(ctx, ticket))) throw refused();
  const [row] = await ofNoCompany(ctx).db.all(sql<{ claims: string; expires_at: number }>`
    DELETE FROM ems_stream_tickets WHERE digest = ${await sha256Hex(ticket)} RETURNING claims, expires_at`);
  const user: CurrentUser | null = row && row.expires_at > nowSeconds() ? JSON.parse(row.claims) : null;
  if (!user || user.exp <= nowSeconds()) throw refused();
  return user;
}

const refused = () =>
  new ServiceError(
    "unauthenticated",
    `Invalid, used or expired ticket: it opens one stream, within ${LIFE_SECONDS} s`,
  );
