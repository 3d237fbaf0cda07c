import { ServiceError } from "../../lib/errors.ts";
import { sha256Hex } from "../../lib/hmac.ts";
import { nowSeconds } from "../../lib/time.ts";
import { sql } from "../../platform/d1/sql.ts";
import { type Ctx, ofNoCompany, type UserCtx } from "../context.ts";
import { expiryOf, issueToken } from "../own-key.ts";
import { type CurrentUser, noteUser } from "../user.ts";
import type { TicketResponse } from "./responses.ts";

const LIFE_SECONDS = 60;
const PURPOSE = "stream tickets";

/**
 * Issues a ticket that opens one stream within 60 s. It goes into the URL in place of the token, which would give full
 * access for longer.
 */
export async function issueTicket(ctx: UserCtx): Promise<TicketResponse> {
  const { token: ticket, expires_at } = await issueToken(ctx.config, PURPOSE, LIFE_SECONDS);
  await ofNoCompany(ctx).db.run(sql`
    INSERT INTO ems_stream_tickets (digest, claims, expires_at)
    VALUES (${await sha256Hex(ticket)}, ${JSON.stringify(ctx.user)}, ${expires_at})`);
  return { ticket, expires_in: LIFE_SECONDS };
}

/**
 * Redeems a ticket. Concurrent requests with the same ticket race for one DELETE, so only one succeeds.
 * @returns the claims of the token that it was issued for
 * @throws ServiceError unauthenticated
 */
export async function redeemTicket(ctx: Ctx, ticket: string): Promise<CurrentUser> {
  const expiry = await expiryOf(ctx.config, PURPOSE, ticket);
  if (expiry === null || expiry <= nowSeconds()) throw refused();
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
