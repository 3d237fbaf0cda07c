import { invalid, type ServiceError } from "../../lib/errors.ts";
import { type Page, rowsFor, type Slice, sliceOf } from "./pagination.ts";

/** Maximum rows in memory for one page over many companies: every list returns all rows up to the page's end. */
const MAX_MERGED = 100_000;

/** How to read a page: the OFFSET of each statement, and the slice to cut from the merged results. */
interface PagePlan {
  merged: Slice;
  offset: number;
}

/**
 * Plans a page. A single list skips earlier rows by OFFSET. Several lists cannot: the earlier rows may be in any of
 * them, so each is read from its start.
 * @param lists how many statements the page takes, each with a list
 * @throws ServiceError invalid when the page number is too deep for this many lists
 */
export function planPage(query: Page, lists: number): PagePlan {
  const slice = sliceOf(query);
  if (lists === 1) return { merged: { ...slice, first: 0 }, offset: slice.first };
  if (isTooDeep(slice, lists)) throw tooDeep(slice, lists);
  return { merged: slice, offset: 0 };
}

/** True when too many rows would have to be merged for a page of several lists. */
export const isTooDeep = (slice: Slice, lists: number): boolean =>
  slice.first > 0 && lists * rowsFor(slice) > MAX_MERGED;

/** The error for a page that is too deep. */
export function tooDeep({ size }: Slice, lists: number): ServiceError {
  const last = Math.floor((MAX_MERGED / lists - 1) / size);
  return invalid(
    `page: with this many companies, only the first ${last} pages are available by number; use cursor`,
  );
}
