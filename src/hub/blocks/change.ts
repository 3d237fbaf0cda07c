import { notFound } from "../../lib/errors.ts";
import { badField } from "../../lib/field-errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import { changeShared, ringRooms } from "../chat/rings.ts";
import type { UserCtx } from "../context.ts";
import { isSeen, U } from "../people/visibility.ts";
import { type Block, getBlock } from "./list.ts";

/**
 * Blocks somebody, and ends what both have as contact of each other. Likes stay.
 * @throws ServiceError invalid for oneself, for somebody blocked already, and for somebody who is not there. Somebody who
 * has blocked the caller is not there either.
 */
export async function blockUser(ctx: UserCtx, { blocked_user }: { blocked_user: number }): Promise<Block> {
  const me = ctx.user.id;
  if (blocked_user === me) throw badField("blocked_user", "You cannot block yourself.");
  const now = Date.now();
  const [inserted, [known], , , changed] = await ctx.db.batch([
    sql<{ id: number }>`
      INSERT INTO hub_blocks (user_id, blocked_id, created_at)
      SELECT ${me}, u.id, ${now} FROM hub_users u WHERE u.id = ${blocked_user} AND ${isSeen(me, U)}
      RETURNING id`,
    sql<{ id: number }>`SELECT id FROM hub_blocks WHERE user_id = ${me} AND blocked_id = ${blocked_user}`,
    sql`DELETE FROM hub_contacts WHERE owner_id = ${me} AND contact_id = ${blocked_user} AND ${isBlocked(me, blocked_user)}`,
    sql`DELETE FROM hub_contacts WHERE owner_id = ${blocked_user} AND contact_id = ${me} AND ${isBlocked(me, blocked_user)}`,
    changeShared(me, blocked_user, isBlocked(me, blocked_user, sql`b.created_at = ${now}`)),
  ]);
  if (inserted.length) {
    await ringRooms(ctx, changed, [me, blocked_user]);
    return getBlock(ctx, blocked_user);
  }
  throw badField(
    "blocked_user",
    known ? "You have already blocked this user." : `Invalid pk "${blocked_user}" - object does not exist.`,
  );
}

const isBlocked = (user: number, blocked: number, only = sql`1`) =>
  sql`EXISTS (SELECT 1 FROM hub_blocks b WHERE b.user_id = ${user} AND b.blocked_id = ${blocked} AND ${only})`;

/** Ends a block. @param blockedId the blocked user's id @throws ServiceError not_found */
export async function unblockUser(ctx: UserCtx, blockedId: number): Promise<void> {
  const me = ctx.user.id;
  const [changed, removed] = await ctx.db.batch([
    changeShared(me, blockedId, isBlocked(me, blockedId)),
    sql`DELETE FROM hub_blocks WHERE user_id = ${me} AND blocked_id = ${blockedId} RETURNING id`,
  ]);
  if (!removed.length) throw notFound("Block");
  await ringRooms(ctx, changed, [me, blockedId]);
}
