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

/** Where a list without page numbers goes on: opaque to clients. */
export const toCursor = ({ at, id }: Position): string => btoa(`${at} ${id}`);

/**
 * Undoes `toCursor`.
 * @throws ApiError 400 for what it has not made
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
