import * as z from "zod/mini";
import { wholeNumber } from "../../lib/fields.ts";

const MAX_PAGE_SIZE = 100;
const MAX_CURSOR_LENGTH = 500;

/** Where a row stands in a list: newest first, ties by id. */
export interface RowKey {
  at: number;
  id: string;
}

const page = z._default(
  z.pipe(wholeNumber, z.int().check(z.minimum(1, "must be at least 1"), z.maximum(1e12))),
  1,
);

const size = z._default(
  z.pipe(
    wholeNumber,
    z
      .int()
      .check(
        z.minimum(1, "must be at least 1"),
        z.maximum(MAX_PAGE_SIZE, `must be at most ${MAX_PAGE_SIZE}`),
      ),
  ),
  25,
);

/** To clients it is opaque: only what `cutPage` has given is one. */
const cursor = z.optional(
  z.pipe(
    z.string().check(z.maxLength(MAX_CURSOR_LENGTH, `at most ${MAX_CURSOR_LENGTH} characters`)),
    z.transform((text, { issues }) => {
      const position = parseCursor(text);
      if (position) return position;
      issues.push({ code: "custom", input: text, message: "is not one that this list has given" });
      return z.NEVER;
    }),
  ),
);

/** The query parameters of a list without page numbers: `size` up to 100, default 25, and where to go on. */
export const cursorQuery = { size, cursor };

/** The query parameters of the contract's lists: `page` from 1, in whose place a cursor costs the same however deep. */
export const pageQuery = { page, ...cursorQuery };

export interface Page {
  page: number;
  size: number;
  cursor?: RowKey | undefined;
}

/** The contract's paginated answer around an item schema, and the cursor to go on from: null on the last page. */
export const pageOf = <Item extends z.ZodMiniType>(item: Item) =>
  z.object({
    items: z.array(item),
    total: z.int(),
    page: z.int(),
    size: z.int(),
    next_cursor: z.nullable(z.string()),
  });

/** Which rows of a list make a page, counted from the list's first, or from its cursor. */
export interface Slice {
  first: number;
  size: number;
}

export const sliceOf = ({ page, size, cursor }: Page): Slice => ({
  first: cursor ? 0 : (page - 1) * size,
  size,
});

/** How many rows each list must give for `cutPage`: one more than it shows, which tells whether another page follows. */
export const rowsFor = ({ first, size }: Slice): number => first + size + 1;

/** True for a page that begins after the list's last row: there is nothing to read for it. */
export const isPastEnd = (query: Page, total: number): boolean =>
  !query.cursor && sliceOf(query).first >= total;

/**
 * Takes a slice out of several lists that are each newest first, as a query per company gives them.
 * @param lists each holding at least its first `rowsFor(slice)` rows, or all that it has
 * @returns its rows, newest first, and the cursor of the next page: null on the last
 */
export function cutPage<Row extends RowKey>(
  lists: Row[][],
  { first, size }: Slice,
): { rows: Row[]; next_cursor: string | null } {
  const found = lists.flat().sort(byNewest).slice(first);
  const rows = found.slice(0, size);
  const last = rows.at(-1);
  return { rows, next_cursor: found.length > size && last ? formatCursor(last) : null };
}

/** The order of every list: newest first, ties by id. */
export const byNewest = (a: RowKey, b: RowKey): number => b.at - a.at || (a.id < b.id ? 1 : -1);

/** The cursor of what comes after a row, in base64url, so that it needs no escaping in a URL. */
export const formatCursor = ({ at, id }: RowKey): string =>
  btoa(`${at} ${id}`).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function parseCursor(text: string): RowKey | undefined {
  try {
    const [, at, id] = /^(\d+) (.+)$/.exec(atob(text.replaceAll("-", "+").replaceAll("_", "/"))) ?? [];
    return at && id ? { at: Number(at), id } : undefined;
  } catch {
    return undefined; // not base64 at all
  }
}
