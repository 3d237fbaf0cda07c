import { notFound } from "../../lib/errors.ts";
import { isoOf } from "../../lib/time.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import { findList } from "../find-list.ts";
import type { Found, Page } from "../lists.ts";
import { CARD_COLUMNS, type Card, type CardRow, toCard } from "../people/card.ts";

/** Somebody whom the caller has blocked. */
export interface Block {
  id: number;
  user: number;
  blocked_user: Card;
  created_at: string;
}

type BlockRow = CardRow & { id: number; created_at: number };

const COLUMNS = sql<BlockRow>`b.id, b.created_at, ${CARD_COLUMNS}`;

/** One's own blocks stay listed when the other has blocked too: else one would learn of it. */
const ownBlocks = (userId: number): SQL => sql`
  FROM hub_blocks b JOIN hub_users u ON u.id = b.blocked_id WHERE b.user_id = ${userId} AND u.deleted_at IS NULL`;

const toBlock = ({ user, origin }: UserCtx, row: BlockRow): Block => ({
  id: row.id,
  user: user.id,
  blocked_user: toCard(row, origin),
  created_at: isoOf(row.created_at),
});

/** Lists whom the caller has blocked, the newest first. */
export async function listBlocks(ctx: UserCtx, page: Page): Promise<Found<Block>> {
  const list = { columns: COLUMNS, from: ownBlocks(ctx.user.id), order: sql`b.id DESC` };
  const { items, total } = await findList(ctx, page, list);
  return { items: items.map((row) => toBlock(ctx, row)), total };
}

/** Finds a block. @param blockedId the blocked user's id @throws ServiceError not_found */
export async function getBlock(ctx: UserCtx, blockedId: number): Promise<Block> {
  const [row] = await ctx.db.all(
    sql<BlockRow>`SELECT ${COLUMNS} ${ownBlocks(ctx.user.id)} AND b.blocked_id = ${blockedId}`,
  );
  if (!row) throw notFound("Block");
  return toBlock(ctx, row);
}
