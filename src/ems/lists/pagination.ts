import * as z from "zod/mini";
import { wholeNumber } from "../../lib/fields.ts";
import { lazy } from "../../lib/lazy.ts";

const MAX_PAGE_SIZE = 100;
const MAX_CURSOR_LENGTH = 500;

/** The sort key of a row in a newest-first list: seconds since the epoch, ties by id. */
export interface RowKey {
  at: number;
  id: string;
}

const page = lazy(() =>
  z._default(z.pipe(wholeNumber(), z.int().check(z.minimum(1, "must be at least 1"), z.maximum(1e12))), 1),
);

const size = lazy(() =>
  z._default(
    z.pipe(
      wholeNumber(),
      z
        .int()
        .check(
          z.minimum(1, "must be at least 1"),
          z.maximum(MAX_PAGE_SIZE, `must be at most ${MAX_PAGE_SIZE}`),
        ),
    ),
    25,
  ),
);

/** Opaque to clients: only a `next_cursor` of `cutPage` is valid. */
const cursor = lazy(() =>
  z.optional(
    z.pipe(
      z.string().check(z.maxLength(MAX_CURSOR_LENGTH, `at most ${MAX_CURSOR_LENGTH} characters`)),
      z.transform((text, { issues }) => {
        const position = parseCursor(text);
        if (position) return position;
        issues.push({ code: "custom", input: text, message: "is not a cursor of this list" });
        return z.NEVER;
      }),
    ),
  ),
);

/** Query parameters of a list without page numbers: `size` (1 to 100, default 25) and `cursor`. */
export const cursorQuery = lazy(() => ({ size: size(), cursor: cursor() }));

/** Query parameters of the contract's lists: `page` (from 1), or a `cursor`, which costs the same at any depth. */
export const pageQuery = lazy(() => ({ page: page(), ...cursorQuery() }));

/** Which page of a list to read. A cursor takes precedence over the number. */
export interface Page {
  page: number;
  size: number;
  cursor?: RowKey | undefined;
}

/** Makes the schema of a paginated response from that of an item. `next_cursor` is null on the last page. */
export const pageOf = <Item extends z.ZodMiniType>(item: Item) =>
  z.object({
    items: z.array(item),
    total: z.int(),
    page: z.int(),
    size: z.int(),
    next_cursor: z.nullable(z.string()),
  });

/** A page as row numbers, counted from the start of the list or from its cursor. */
export interface Slice {
  first: number;
  size: number;
}

export const sliceOf = ({ page, size, cursor }: Page): Slice => ({
  first: cursor ? 0 : (page - 1) * size,
  size,
});

/** How many rows each list must return for `cutPage`. The extra row shows whether another page follows. */
export const rowsFor = ({ first, size }: Slice): number => first + size + 1;

/** True when a page by number begins after the last row. */
export const isPastEnd = (query: Page, total: number): boolean =>
  !query.cursor && sliceOf(query).first >= total;

/**
 * Merges newest-first lists, such as one per company, and cuts a page from them.
 * @param lists the first `rowsFor(slice)` rows of each list, or all if it has fewer
 * @returns the rows of the page, newest first, and the cursor of the next page, null on the last
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

/** Compares rows by the order of every list: newest first, ties by id, descending. */
export const byNewest = (a: RowKey, b: RowKey): number => b.at - a.at || (a.id < b.id ? 1 : -1);

/** The cursor after a row, in base64url, so that a URL needs no escaping. */
export const formatCursor = ({ at, id }: RowKey): string =>
  btoa(`${at} ${id}`).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function parseCursor(text: string): RowKey | undefined {
  try {
    const [, at, id] = /^(\d+) (.+)$/.exec(atob(text.replaceAll("-", "+").replaceAll("_", "/"))) ?? [];
    return at && id ? { at: Number(at), id } : undefined;
  } catch {
    return undefined; // not base64
  }
}
