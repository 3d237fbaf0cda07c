import { invalid, notFound } from "../../lib/errors.ts";
import { isoOf } from "../../lib/time.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import type { Found, Page } from "../lists.ts";
import { isSeen, U } from "../people/visibility.ts";
import { isSeenNow, STORIES } from "./audience.ts";
import { requireOwn } from "./own.ts";
import { readPart } from "./part.ts";
import type { ReactionResponse } from "./responses.ts";
import type { ReactionCreate, ReactionUpdate } from "./schemas.ts";

interface ReactionRow {
  id: number;
  story_id: number;
  user_id: number;
  reaction: string;
  reacted_at: number;
}

const COLUMNS = sql.raw("id, story_id, user_id, reaction, reacted_at");

/**
 * Reacts to a story that the user sees now.
 * @throws ServiceError not_found; invalid if the user has reacted to it already
 */
export async function react(
  { db, user }: UserCtx,
  { story, reaction }: ReactionCreate,
): Promise<ReactionResponse> {
  const now = Date.now();
  const seen = sql`FROM ${STORIES} WHERE s.id = ${story} AND ${isSeenNow(user.id, now)}`;
  const [[row], [found]] = await db.batch([
    sql<ReactionRow>`
      INSERT INTO hub_story_reactions (story_id, user_id, reaction, reacted_at)
      SELECT s.id, ${user.id}, ${reaction}, ${now} ${seen}
      ON CONFLICT (story_id, user_id) DO NOTHING RETURNING ${COLUMNS}`,
    sql`SELECT 1 ${seen}`,
  ]);
  if (row) return toReaction(row);
  throw found ? invalid("You have already reacted to this story.") : notFound("Story");
}

/** Changes a reaction of the user's own, while its story is seen. @throws ServiceError not_found */
export async function changeReaction(
  ctx: UserCtx,
  id: number,
  { reaction }: ReactionUpdate,
): Promise<ReactionResponse> {
  const [row] = await ctx.db.all(sql<ReactionRow>`
    UPDATE hub_story_reactions AS r SET reaction = ${reaction} WHERE ${isOwn(ctx, id)} RETURNING ${COLUMNS}`);
  if (!row) throw notFound("Reaction");
  return toReaction(row);
}

/** Takes back a reaction of the user's own, while its story is seen. @throws ServiceError not_found */
export async function deleteReaction(ctx: UserCtx, id: number): Promise<void> {
  const deleted = await ctx.db.all(
    sql`DELETE FROM hub_story_reactions AS r WHERE ${isOwn(ctx, id)} RETURNING id`,
  );
  if (deleted.length === 0) throw notFound("Reaction");
}

/** Security: a story that the user no longer sees must look as if it were deleted, with its reactions. */
const isOwn = ({ user }: UserCtx, id: number): SQL => sql`
  r.id = ${id} AND r.user_id = ${user.id} AND EXISTS (
    SELECT 1 FROM ${STORIES} WHERE s.id = r.story_id AND ${isSeenNow(user.id, Date.now())})`;

/** Lists the reactions to a story of the user's own, newest first. @throws ServiceError not_found */
export async function listReactions(
  ctx: UserCtx,
  story: number,
  page: Page,
): Promise<Found<ReactionResponse>> {
  await requireOwn(ctx, story);
  const { items, total } = await readPart(ctx, page, {
    select: sql<ReactionRow>`r.id, r.story_id, r.user_id, r.reaction, r.reacted_at`,
    from: sql`hub_story_reactions r CROSS JOIN hub_users u ON u.id = r.user_id
      WHERE r.story_id = ${story} AND ${isSeen(ctx.user.id, U)}`,
    order: sql`r.id DESC`,
  });
  return { items: items.map(toReaction), total };
}

const toReaction = ({ id, story_id, user_id, reaction, reacted_at }: ReactionRow): ReactionResponse => ({
  id,
  story: story_id,
  user: user_id,
  reaction,
  reacted_at: isoOf(reacted_at),
});
