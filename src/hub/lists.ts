import * as z from "zod/mini";
import { notFound } from "../lib/errors.ts";
import { badField } from "../lib/field-errors.ts";
import { lazy } from "../lib/lazy.ts";

// Lists of the contract (lines 2060-2084): without `page` a bare array, with it count, next, previous, results.

export const DEFAULT_SIZE = 25;
const MAX_SIZE = 100;
/** How far back pages go: what is skipped is read, too. */
export const MAX_OFFSET = 10_000;

/** What part of a list is wanted. */
export interface Page {
  limit: number;
  offset: number;
  /** False for a bare array. */
  isPaged: boolean;
}

/** A part of a list. `total` is only needed for a page; one row more than `limit` says that a bare array was cut. */
export interface Found<Item> {
  items: Item[];
  total: number;
}

/**
 * Makes a part of a list whose total is not known to the viewer, since rows of others are hidden.
 * @param rows from `offset`, one more than `limit` if there are more
 * @param most the total with the hidden ones: it is told until the end is seen
 */
export const foundIn = <Item>(rows: Item[], { limit, offset }: Page, most: number): Found<Item> =>
  rows.length > limit
    ? { items: rows.slice(0, limit), total: Math.max(most, offset + rows.length) }
    : { items: rows, total: offset + rows.length };

/** The query of a list. */
export const ListQuery = lazy(() =>
  z.object({ page: z.optional(z.string()), page_size: z.optional(z.string()) }),
);

/**
 * Reads which part of a list is wanted.
 * @param most of a bare array
 * @throws ServiceError not_found for a page that is no number from 1, or too far back; invalid for such a size
 */
export function pageOf(
  query: { page?: string | undefined; page_size?: string | undefined },
  most = 100,
): Page {
  const { page, page_size } = query;
  if (page === undefined && page_size === undefined) return { limit: most, offset: 0, isPaged: false };
  const number = whole(page ?? "1");
  const size = page_size === undefined ? DEFAULT_SIZE : whole(page_size);
  if (!number) throw notFound("Page");
  if (!size) throw badField("page_size", "Must be a whole number, 1 or more.");
  const limit = Math.min(size, MAX_SIZE);
  if ((number - 1) * limit > MAX_OFFSET) throw notFound("Page");
  return { limit, offset: (number - 1) * limit, isPaged: true };
}

const whole = (text: string): number => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0);
