import { sql } from "../../platform/d1/sql.ts";
import type { Ctx, Viewer } from "../context.ts";
import { badToken } from "../errors.ts";
import { REFRESH_LIFE, readToken, signPair, type TokenPair } from "./tokens.ts";

/** How old `last_online` may be, in milliseconds: it is not written at each request. */
const ONLINE_MS = 60_000;

/** Signs somebody in. @returns the tokens of a new session */
export async function startSession({ db, config }: Ctx, userId: number): Promise<TokenPair> {
  const sessionId = crypto.randomUUID();
  const now = Date.now();
  await db.batch([
    sql`INSERT INTO hub_sessions (id, user_id, refreshed_at, created_at, expires_at)
        VALUES (${sessionId}, ${userId}, ${now}, ${now}, ${now + REFRESH_LIFE * 1000})`,
    sql`UPDATE hub_users SET last_login = ${now}, last_online = ${now} WHERE id = ${userId}`,
  ]);
  return signPair(config, { userId, sessionId, generation: 0 }, Math.floor(now / 1000));
}

/**
 * Finds who a token is of. It reads two rows.
 * @throws ServiceError unauthenticated for a token that is not valid, or whose session or account has ended
 */
export async function findViewer(ctx: Ctx, token: string): Promise<Viewer> {
  const { userId, sessionId } = await readToken(ctx.config, token, "access");
  const now = Date.now();
  const [row] = await ctx.db.all(sql<{ is_staff: 0 | 1; last_online: number | null }>`
    SELECT u.is_staff, u.last_online FROM hub_sessions s JOIN hub_users u ON u.id = s.user_id
    WHERE s.id = ${sessionId} AND s.user_id = ${userId} AND s.expires_at > ${now} AND u.deleted_at IS NULL`);
  if (!row) throw badToken("the session has ended");
  if ((row.last_online ?? 0) < now - ONLINE_MS) {
    ctx.defer(
      ctx.db.run(sql`UPDATE hub_users SET last_online = ${now} WHERE id = ${userId}`).catch(() => {}),
    );
  }
  return { id: userId, isStaff: row.is_staff === 1, sessionId };
}
