import { uuidv7 } from "../../lib/ids.ts";
import { isoOf } from "../../lib/time.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import { type Found, foundIn, type Page } from "../lists.ts";
import { CARD_COLUMNS, type CardRow, toCard } from "../people/card.ts";
import { isSeen, U } from "../people/visibility.ts";
import type { MarkResponse } from "./responses.ts";
import { seesPost } from "./visible.ts";

// Likes and views: at most one of each person for each post.

type Table = "hub_likes" | "hub_post_views";

type MarkRow = CardRow & { id: string; post_id: string; created_at: number };

/** The mark's row has the alias `m`. */
const COLUMNS = sql.raw(`m.id, m.post_id, m.created_at, ${CARD_COLUMNS.text}`);

/**
 * Marks a post as the viewer's, unless they have already.
 * @returns the mark, and whether it is new; no mark for a post that the viewer may not see
 */
export async function markPost(
  { db, user, origin }: UserCtx,
  table: Table,
  post: string,
): Promise<{ mark: MarkResponse | undefined; isNew: boolean }> {
  const sees = seesPost(user.id, post);
  const [[added], [row]] = await db.batch([
    sql`INSERT INTO ${sql.raw(table)} (id, post_id, owner_id, created_at)
        SELECT ${uuidv7()}, ${post}, ${user.id}, ${Date.now()} WHERE ${sees}
        ON CONFLICT (owner_id, post_id) DO NOTHING RETURNING id`,
    sql<MarkRow>`
      SELECT ${COLUMNS} FROM ${sql.raw(table)} m JOIN hub_users u ON u.id = m.owner_id
      WHERE m.owner_id = ${user.id} AND m.post_id = ${post} AND ${sees}`,
  ]);
  return { mark: row && toMark(row, origin), isNew: added !== undefined };
}

/**
 * Lists marks of a post that the viewer may see, the newest first, without those of people whom they may not see.
 * @param isWanted a condition on the mark, whose row has the alias `m`
 * @param most how many there are at most
 */
export async function listMarks(
  { db, user, origin }: UserCtx,
  table: Table,
  { isWanted, page, most }: { isWanted: SQL; page: Page; most: number },
): Promise<Found<MarkResponse>> {
  const rows = await db.all(sql<MarkRow>`
    SELECT ${COLUMNS} FROM ${sql.raw(table)} m CROSS JOIN hub_users u ON u.id = m.owner_id
    WHERE ${isWanted} AND ${isSeen(user.id, U)}
    ORDER BY m.id DESC LIMIT ${page.limit + 1} OFFSET ${page.offset}`);
  return foundIn(
    rows.map((row) => toMark(row, origin)),
    page,
    most,
  );
}

const toMark = (row: MarkRow, origin: string): MarkResponse => ({
  id: row.id,
  owner: toCard(row, origin),
  post: row.post_id,
  created_at: isoOf(row.created_at),
});
