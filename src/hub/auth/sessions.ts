import { type SQL, sql } from "../../platform/d1/sql.ts";
import { changeListened, ringRooms } from "../chat/rings.ts";
import type { Ctx, UserCtx, Viewer } from "../context.ts";
import { badToken } from "../errors.ts";
import { REFRESH_LIFE, readToken, signPair, type TokenPair } from "./tokens.ts";

/** How old `last_online` may be, in milliseconds: it is not written at each request. */
const ONLINE_MS = 60_000;

/** How long a refresh token is good for once it was used: an answer may be lost, and two tabs refresh at once. */
const GRACE_MS = 30_000;

/**
 * Signs somebody in.
 * @param only a condition on the row of hub_users under the alias `u`, for what was decided before
 * @param also what else changes in that row: `, column = value`
 * @returns the tokens of a new session
 * @throws ServiceError unauthenticated if the account has ended, or the condition does not hold
 */
export async function startSession(
  { db, config }: Ctx,
  userId: number,
  { only = sql`1`, also = sql`` }: { only?: SQL; also?: SQL } = {},
): Promise<TokenPair> {
  const sessionId = crypto.randomUUID();
  const now = Date.now();
  const [, started] = await db.batch([
    sql`
      INSERT INTO hub_sessions (id, user_id, refreshed_at, created_at, expires_at)
      SELECT ${sessionId}, u.id, ${now}, ${now}, ${now + REFRESH_LIFE * 1000} FROM hub_users u
      WHERE u.id = ${userId} AND u.deleted_at IS NULL AND ${only}`,
    sql<{ id: number }>`
        UPDATE hub_users AS u SET last_login = ${now}, last_online = ${now}${also}
        WHERE u.id = ${userId} AND u.deleted_at IS NULL AND ${only} RETURNING id`,
  ]);
  if (started.length === 0) throw badToken("the account has ended");
  return signPair(config, { userId, sessionId, generation: 0 }, secondsOf(now));
}

/** In whole seconds, as tokens have it. */
const secondsOf = (ms: number): number => Math.floor(ms / 1000);

/**
 * Finds who a token is of. It reads two rows.
 * @throws ServiceError unauthenticated for a token that is not valid, or whose session or account has ended
 */
export async function findViewer(ctx: Ctx, token: string): Promise<Viewer> {
  const { userId, sessionId } = await readToken(ctx.config, token, "access");
  const now = Date.now();
  const [row] = await ctx.db.all(sql<{ is_staff: 0 | 1; last_online: number | null }>`
    SELECT u.is_staff, u.last_online FROM hub_sessions s JOIN hub_users u ON u.id = s.user_id
    WHERE s.user_id = ${userId} AND s.id = ${sessionId} AND s.expires_at > ${now} AND u.deleted_at IS NULL`);
  if (!row) throw badToken("the session has ended");
  if ((row.last_online ?? 0) < now - ONLINE_MS) {
    ctx.defer(
      ctx.db.run(sql`UPDATE hub_users SET last_online = ${now} WHERE id = ${userId}`).catch(() => {}),
    );
  }
  return { id: userId, isStaff: row.is_staff === 1, sessionId };
}

/**
 * Gives a new pair for a refresh token. The token that was used gives the same pair for a moment more. Security: used
 * later it was perhaps stolen, and ends the session.
 * @throws ServiceError unauthenticated
 */
export async function refreshSession(ctx: Ctx, refresh: string): Promise<TokenPair> {
  const { db, config } = ctx;
  const { userId, sessionId, generation } = await readToken(config, refresh, "refresh");
  const now = Date.now();
  const session = sql`user_id = ${userId} AND id = ${sessionId}`;
  const isStolen = sql`(generation > ${generation + 1}
    OR (generation = ${generation + 1} AND refreshed_at <= ${now - GRACE_MS}))`;
  // Race: of two refreshes at once one moves the session on, and the other finds it moved, just now.
  const [, changed, , rows] = await db.batch([
    sql`UPDATE hub_sessions SET generation = generation + 1, refreshed_at = ${now},
          expires_at = ${now + REFRESH_LIFE * 1000}
        WHERE ${session} AND generation = ${generation} AND expires_at > ${now}
          AND EXISTS (SELECT 1 FROM hub_users u WHERE u.id = user_id AND u.deleted_at IS NULL)`,
    changeListened(sql`${userId}`, sql`EXISTS (SELECT 1 FROM hub_sessions WHERE ${session} AND ${isStolen})`),
    sql`DELETE FROM hub_sessions WHERE ${session} AND ${isStolen}`,
    sql<{ refreshed_at: number }>`
      SELECT refreshed_at FROM hub_sessions WHERE ${session} AND generation = ${generation + 1}`,
  ]);
  await ringRooms(ctx, changed, [userId]);
  const [row] = rows;
  if (!row) throw badToken("the session has ended, or the token was used before");
  return signPair(config, { userId, sessionId, generation: generation + 1 }, secondsOf(row.refreshed_at));
}

/** Signs out: neither token of this session works any more, and its sockets are closed. */
export async function endSession(ctx: UserCtx): Promise<void> {
  const { db, user } = ctx;
  const [changed] = await db.batch([
    changeListened(sql`${user.id}`),
    sql`DELETE FROM hub_sessions WHERE user_id = ${user.id} AND id = ${user.sessionId}`,
  ]);
  await ringRooms(ctx, changed, [user.id]);
}
