import { createHash } from "node:crypto";
import { wholeNumber } from "./api.ts";
import { invalidRequest } from "./errors.ts";

export type Query = Record<string, string>;

/** Query parameters that do not filter the list. */
export const NOT_A_FILTER = ["limit", "page_token", "fields"];

/** The sort key of an item: the date in Unix seconds, then the order of arrival. */
export interface Position {
  date: number;
  sequence: number;
}

export interface Page<T> {
  items: T[];
  nextCursor?: string;
}

/**
 * One page of the items, newest first.
 * @param isShort makes a page of about half the size, which still has a cursor
 * @throws ApiError 400 for an invalid limit or cursor
 */
export function pageOf<T extends Position>(items: T[], query: Query, isShort: boolean): Page<T> {
  const limit = wholeNumber(query.limit, { name: "limit", min: 1, max: 200, otherwise: 50 });
  const after = query.page_token === undefined ? undefined : readCursor(query.page_token, query);
  const left = items.sort(newestFirst).filter((item) => !after || newestFirst(after, item) < 0);
  const page = left.slice(0, isShort ? Math.ceil(Math.min(limit, left.length) / 2) : limit);
  const last = page.at(-1);
  return { items: page, ...(last && left.length > page.length && { nextCursor: writeCursor(last, query) }) };
}

function newestFirst(a: Position, b: Position): number {
  return b.date - a.date || b.sequence - a.sequence;
}

function writeCursor({ date, sequence }: Position, query: Query): string {
  return Buffer.from(JSON.stringify([date, sequence, filterHash(query)])).toString("base64url");
}

// A cursor is valid only together with the filters that it was created with.
function readCursor(token: string, query: Query): Position {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(token, "base64url").toString());
  } catch {
    throw invalidRequest("invalid page_token");
  }
  const [date, sequence, hash] = Array.isArray(parts) ? parts : [];
  if (typeof date !== "number" || typeof sequence !== "number" || hash !== filterHash(query)) {
    throw invalidRequest("invalid page_token");
  }
  return { date, sequence };
}

function filterHash(query: Query): string {
  const filters = Object.entries(query).filter(([name]) => !NOT_A_FILTER.includes(name));
  return createHash("sha256").update(JSON.stringify(filters.sort())).digest("base64url").slice(0, 12);
}
