import { notFound } from "../../lib/errors.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import type { Found, Page } from "../lists.ts";
import { isSeen, U } from "../people/visibility.ts";
import { isOwnIn, isSeenNow, type Place, STORIES } from "./audience.ts";
import { readPart } from "./part.ts";
import type { StoryResponse } from "./responses.ts";
import { type StoryRow, storyColumns, toStory } from "./row.ts";

const NEWEST_FIRST = sql.raw("s.created_at DESC, s.id DESC");

/** Reads a story that the user sees now, their own ones too. @throws ServiceError not_found */
export function getStory(ctx: UserCtx, id: number): Promise<StoryResponse> {
  const now = Date.now();
  return getWhere(ctx, sql`s.id = ${id} AND ${isSeenNow(ctx.user.id, now)}`, now);
}

/** Reads a story of the user's own archive. @throws ServiceError not_found */
export function getArchived(ctx: UserCtx, id: number): Promise<StoryResponse> {
  const now = Date.now();
  return getWhere(ctx, sql`s.id = ${id} AND ${isOwnIn("archive", ctx.user.id, now)}`, now);
}

async function getWhere(ctx: UserCtx, condition: SQL, now: number): Promise<StoryResponse> {
  const [row] = await ctx.db.all(selectStory(ctx, condition));
  if (!row) throw notFound("Story");
  return toStory(ctx, row, now);
}

/** The statement that reads a story as its answer needs it. */
export const selectStory = ({ user }: UserCtx, condition: SQL): SQL<StoryRow> =>
  sql<StoryRow>`SELECT ${storyColumns(user.id)} FROM ${STORIES} WHERE ${condition}`;

/** Lists the user's own stories of one place, newest first. */
export function listOwn(ctx: UserCtx, place: Place, page: Page): Promise<Found<StoryResponse>> {
  const now = Date.now();
  return listWhere(ctx, page, isOwnIn(place, ctx.user.id, now), now);
}

/**
 * Lists the stories of a person that the user sees now, newest first.
 * @throws ServiceError not_found for a person whom the user does not see
 */
export async function listOf(ctx: UserCtx, ownerId: number, page: Page): Promise<Found<StoryResponse>> {
  const viewer = ctx.user.id;
  const now = Date.now();
  const [owner] = await ctx.db.all(
    sql`SELECT 1 FROM hub_users u WHERE u.id = ${ownerId} AND ${isSeen(viewer, U)}`,
  );
  if (!owner) throw notFound("User");
  return listWhere(ctx, page, sql`s.owner_id = ${ownerId} AND ${isSeenNow(viewer, now)}`, now);
}

async function listWhere(
  ctx: UserCtx,
  page: Page,
  condition: SQL,
  now: number,
): Promise<Found<StoryResponse>> {
  const { items, total } = await readPart(ctx, page, {
    select: storyColumns(ctx.user.id),
    from: sql`${STORIES} WHERE ${condition}`,
    order: NEWEST_FIRST,
  });
  return { items: await Promise.all(items.map((row) => toStory(ctx, row, now))), total };
}
