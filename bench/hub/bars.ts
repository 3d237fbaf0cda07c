import { type Cell, renderTable } from "../support/table.ts";
import type { Rows } from "./contract.ts";
import { FEW_POSTS, type Measured } from "./measure.ts";

/** A figure, and what it should be. */
export interface Bar {
  what: string;
  measured: number;
  /** The most it may be. Null for what has no bar. */
  limit: number | null;
  /** The limit is the least that it must be. */
  isLeast?: true;
}

/** Whether a figure is as it should be. */
export const holds = ({ measured, limit, isLeast }: Bar): boolean =>
  limit === null || (isLeast ? measured >= limit : measured <= limit);

/** Renders figures with their bars. @param unit the name of their column */
export function renderBars(bars: Bar[], unit: string): string {
  const rows = bars.map((bar): Cell[] => [
    ...[bar.what, bar.measured],
    bar.limit === null ? null : `${bar.isLeast ? "≥" : "≤"} ${count(bar.limit)}`,
    bar.limit === null ? "" : holds(bar) ? "holds" : "does not hold",
  ]);
  return renderTable(["", unit, "bar", ""], rows);
}

/** The bars of rows that D1 bills. @param many the larger number of posts */
export function rowBars({ authentication, search, nearby, posts, ...rest }: Measured, many: number): Bar[] {
  const sizes = posts.map((each, nth) => ({ ...each, among: count(nth ? many : FEW_POSTS) }));
  return [
    read("authentication of a request", authentication, 2),
    written("authentication of a request", authentication, 0),
    read("sign-in", rest.signIn, 6),
    written("sign-in", rest.signIn, 4),
    read("search, many found", search.many, 250),
    read("search, two names that nobody has together", search.inAnyOrder, 250),
    read("nearby, 5 km in a city", nearby.city, 300),
    read("nearby, 20 km in a desert, 40 hidden people", nearby.desert, 3000),
    ...sizes.map(({ newest, among }) => read(`posts, newest 100 of ${among}`, newest, 600)),
    ...sizes.map(({ page, among }) => read(`posts, page of 25 of ${among}`, page, 150)),
    ...sizes.map(({ secondPage, among }) => read(`posts, second page of 25 of ${among}`, secondPage, null)),
    ...growth(
      "posts, newest 100",
      posts.map(({ newest }) => newest),
    ),
    ...growth(
      "posts, page of 25",
      posts.map(({ page }) => page),
    ),
    written("like", rest.like),
    written("comment", rest.comment),
    written("answer to a comment", rest.answer),
    written("view", rest.view),
  ];
}

/** Rows read, and their bar. */
export const read = (what: string, { read: measured }: Rows, limit: number | null): Bar => ({
  ...{ what: `${what}: read`, measured, limit },
});

/** Rows written, and their bar. */
export const written = (what: string, { written: measured }: Rows, limit: number | null = 5): Bar => ({
  ...{ what: `${what}: written`, measured, limit },
});

const growth = (what: string, [few, ...more]: Rows[]): Bar[] =>
  more.map((each) => ({
    ...{ what: `${what}: difference between the sizes`, limit: 0 },
    measured: Math.abs(each.read - (few?.read ?? 0)),
  }));

/** A number with separators. */
export const count = (number: number): string => number.toLocaleString("en-US");
