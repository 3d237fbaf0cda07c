import { toBase64Url } from "../../lib/base64.ts";
import { hmacHex } from "../../lib/hmac.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { Ctx, UserCtx } from "../context.ts";
import { badToken } from "../errors.ts";
import { ownKey } from "../own-key.ts";

/** In seconds. */
const LIFE = 60;
/** How long a socket that came by a ticket may stay, in milliseconds: as long as a token. */
const SOCKET_MS = 12 * 3600_000;
/** Rows that one step of cron removes. */
const STEP = 500;

/** A ticket, as it is answered. */
export interface Ticket {
  ticket: string;
  /** In seconds. */
  expires_in: number;
}

/** Makes a ticket that opens one socket, for browsers: a URL with it may be logged, since it is soon worth nothing. */
export async function createTicket({ db, config, user }: UserCtx): Promise<Ticket> {
  const ticket = toBase64Url(crypto.getRandomValues(new Uint8Array(24)));
  await db.run(sql`
    INSERT INTO hub_chat_tickets (digest, user_id, session_id, expires_at)
    VALUES (${await digestOf(config, ticket)}, ${user.id}, ${user.sessionId}, ${Date.now() + LIFE * 1000})`);
  return { ticket, expires_in: LIFE };
}

/** Uses a ticket up. @returns whose it is @throws ServiceError unauthenticated for one that is unknown, used or old */
export async function redeemTicket(
  { db, config }: Ctx,
  ticket: string,
): Promise<{ user: number; session: string; expiresAt: number }> {
  const now = Date.now();
  const [row] = await db.all(sql<{ user_id: number; session_id: string; expires_at: number }>`
    DELETE FROM hub_chat_tickets WHERE digest = ${await digestOf(config, ticket)}
    RETURNING user_id, session_id, expires_at`);
  if (!row || row.expires_at <= now) throw badToken("the ticket is unknown, used or old");
  return { user: row.user_id, session: row.session_id, expiresAt: now + SOCKET_MS };
}

/** Cron: forgets tickets that nobody used. @returns how many */
export async function removeOldTickets({ db }: Ctx): Promise<number> {
  const removed = await db.all(sql`
    DELETE FROM hub_chat_tickets WHERE digest IN (
      SELECT digest FROM hub_chat_tickets WHERE expires_at < ${Date.now()} ORDER BY expires_at LIMIT ${STEP})
    RETURNING digest`);
  return removed.length;
}

const digestOf = async (config: Ctx["config"], ticket: string): Promise<string> =>
  hmacHex(await ownKey(config, "chat tickets"), ticket);
