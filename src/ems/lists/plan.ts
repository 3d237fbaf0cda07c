import { invalid } from "../../lib/errors.ts";
import type { UserCtx } from "../context.ts";
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
 * @param statements how many statements the page takes; each returns one list per part of the database
 * @throws ServiceError invalid when the page number is too deep for this many lists
 */
export function planPage({ db }: UserCtx, query: Page, statements: number): PagePlan {
  const slice = sliceOf(query);
  const lists = statements * db.parts;
  if (lists === 1) return { merged: { ...slice, first: 0 }, offset: slice.first };
  if (slice.first > 0 && lists * rowsFor(slice) > MAX_MERGED) {
    const last = Math.floor((MAX_MERGED / lists - 1) / slice.size);
    throw invalid(
      `page: with this many companies, only the first ${last} pages are available by number; use cursor`,
    );
  }
  return { merged: slice, offset: 0 };
}
