import { narrowedTo, type UserCtx } from "../context.ts";
import { formatPosition, type Position, parsePosition } from "../events/position.ts";
import { cutPage, formatCursor, isPastEnd, type Page, type RowKey, sliceOf } from "./pagination.ts";
import { isTooDeep, tooDeep } from "./plan.ts";

/** One page of a list, newest first. */
export interface ListedPage<Row extends RowKey> {
  rows: Row[];
  total: number;
  next_cursor: string | null;
  /** The position of the event log at the time of the read. Later events describe later changes. */
  readAt: string;
}

/** One context per part of the caller's database. If companies have parts of their own, it is of a user of that company. */
export const ofEachPart = (ctx: UserCtx): UserCtx[] =>
  ctx.db.parts === 1 ? [ctx] : ctx.user.companies.map((company) => narrowedTo(ctx, [company]));

/** Merges the positions at which parts of the database were read. */
export function mergePositions(pages: { readAt: string }[]): string {
  const position: Position = new Map(pages.flatMap(({ readAt }) => [...(parsePosition(readAt) ?? [])]));
  return formatPosition(position);
}

/**
 * Reads a page of a list. If companies have parts of their own, the rows of each up to the end of the page are merged.
 * @param read reads a page of the list of one part
 * @throws ServiceError invalid when the page number is too deep for this many parts
 */
export async function mergeParts<Row extends RowKey, Query extends Page>(
  ctx: UserCtx,
  query: Query,
  read: (part: UserCtx, query: Query) => Promise<ListedPage<Row>>,
): Promise<ListedPage<Row>> {
  if (ctx.db.parts === 1) return read(ctx, query);
  const slice = sliceOf(query);
  const isDeep = isTooDeep(slice, ctx.db.parts);
  // Even a page that is too deep is empty if it is past the end, which only the total tells.
  const upToEnd = { ...query, page: 1, size: isDeep ? 1 : slice.first + slice.size };
  const pages = await Promise.all(ofEachPart(ctx).map((part) => read(part, upToEnd)));
  const total = pages.reduce((sum, page) => sum + page.total, 0);
  const listing = { total, readAt: mergePositions(pages) };
  if (isPastEnd(query, total)) return { ...listing, rows: [], next_cursor: null };
  if (isDeep) throw tooDeep(slice, ctx.db.parts);
  const { rows, next_cursor } = cutPage(
    pages.map((page) => page.rows),
    slice,
  );
  const last = rows.at(-1);
  // A part with more rows gave at least a page of them, so this page is full, and ends before those.
  const hasMore = next_cursor !== null || pages.some((page) => page.next_cursor !== null);
  return { ...listing, rows, next_cursor: hasMore && last ? formatCursor(last) : null };
}
