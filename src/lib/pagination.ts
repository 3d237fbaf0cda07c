import * as z from "zod";
import { badRequest } from "./errors.ts";
import { wholeNumber } from "./validation.ts";

const MAX_PAGE_SIZE = 100;

/** The query parameters of every list: `page` from 1, `size` up to 100, default 25. */
export const pageQuery = {
  page: wholeNumber.pipe(z.int().min(1, "must be at least 1").max(1e12)).default(1),
  size: wholeNumber
    .pipe(z.int().min(1, "must be at least 1").max(MAX_PAGE_SIZE, `must be at most ${MAX_PAGE_SIZE}`))
    .default(25),
};

export interface Page {
  page: number;
  size: number;
}

/** The contract's paginated answer around an item schema. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), total: z.int(), page: z.int(), size: z.int() });

/** True for a page that begins after the list's last row: there is nothing to read for it. */
export const isPastEnd = ({ page, size }: Page, total: number): boolean => (page - 1) * size >= total;

/** Where a row stands in a list: newest first, ties by id. */
export interface Position {
  at: number;
  id: string;
}

/**
 * Takes one page out of several lists that are each newest first, as a query per company gives them.
 * @param lists each holding at least its first `page * size` rows, or all that it has
 */
export function mergePage<Row extends Position>(lists: Row[][], { page, size }: Page): Row[] {
  const rows = lists.length === 1 ? (lists[0] ?? []) : lists.flat().sort(newestFirst);
  return rows.slice((page - 1) * size, page * size);
}

const newestFirst = (a: Position, b: Position): number => b.at - a.at || (a.id < b.id ? 1 : -1);

/**
 * Takes one page of a list without page numbers out of several that are each newest first.
 * @param lists each holding at least its first `size + 1` rows after the cursor, or all that it has
 * @returns its rows, and the cursor to go on from: null on the last page
 */
export function cutPage<Row extends Position>(
  lists: Row[][],
  size: number,
): { rows: Row[]; next_cursor: string | null } {
  const found = mergePage(lists, { page: 1, size: size + 1 });
  const rows = found.slice(0, size);
  const last = rows.at(-1);
  return { rows, next_cursor: found.length > size && last ? btoa(`${last.at} ${last.id}`) : null };
}

/**
 * Reads a cursor that `cutPage` has given; to clients it is opaque.
 * @throws ApiError 400 for any other
 */
export function parseCursor(cursor: string): Position {
  try {
    const [, at, id] = /^(\d+) (.+)$/.exec(atob(cursor)) ?? [];
    if (at && id) return { at: Number(at), id };
  } catch {
    // Not base64 at all.
  }
  throw badRequest("cursor: is not one that this list has given");
}
