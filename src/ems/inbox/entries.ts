import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { type Folder, HIDDEN_FOLDERS } from "../folders.ts";
import type { Filter } from "../items/counts.ts";
import { compare, groupTerms, mergeNewest, olderThan } from "../lists/page.ts";
import type { RowKey } from "../lists/pagination.ts";
import type { inboxEntries } from "../schema/inbox.ts";
import { type DenseRange, formatRanges, isNewer, selectRanges } from "./dense-ranges.ts";

/** The user's state of a message. `at` and `id` are the sort key of the message. */
export type EntryState = RowKey &
  Pick<RowOf<typeof inboxEntries>, "is_read" | "is_starred" | "is_archived" | "read_at">;

/** A list to merge: an account, a thread, or a company without dense ranges. */
export interface Scope {
  column: "account_id" | "company_id" | "thread_id";
  value: string | number;
  /** All shown folders, all hidden ones (junk, trash, drafts), or a single folder. */
  part: "shown" | "hidden" | Folder;
  /** At most two. */
  ranges: DenseRange[];
  /** For a thread: only messages of this account. */
  account?: string | undefined;
}

export interface EntryQuery {
  filter: Filter;
  cursor: RowKey | undefined;
  offset: number;
  limit: number;
  /** True when the scopes are guessed. If their ranges have changed, the statement then reads nothing. */
  isGuess?: boolean;
}

/** A range of an index of ems_inbox_entries that has the rows in list order. */
interface IndexRange {
  index: string;
  /** The columns between the account and the date, as literals. */
  where: SQL;
}

/**
 * Finds the ranges with a filter's matches, if all of them have entry rows.
 * @returns null to drive from ems_messages: a match may have no row, or the scope is a thread, which is small
 */
function rangesOf(filter: Filter, { column, part }: Scope): IndexRange[] | null {
  const { is_read, is_starred, is_archived } = filter;
  if (column === "thread_id") return null;
  if (is_starred) return [{ index: "starred", where: partOf(part, "") }];
  if (is_archived) return [{ index: "archived", where: partOf(part, "") }];
  return is_read && usesRanges(filter) && part !== "hidden" ? rangesWithin(filter, part) : null;
}

/** The ranges inside a dense range, where every message has a row: at most four, for read or unread, inbox or not. */
function rangesWithin({ is_read }: Filter, part: Scope["part"]): IndexRange[] {
  const isShown = part === "shown" || part === "inbox";
  const places = part === "shown" ? [sql`elsewhere = 0`, sql`elsewhere = 1`] : [sql`elsewhere = 0`];
  const folders = isShown
    ? places.map((place) => sql`hidden = 0 AND ${place}`)
    : [sql`elsewhere = 1 AND folder = ${part}`];
  const flags = is_read === undefined ? [sql`is_read = 1`, sql`is_read = 0`] : [sql`true`];
  return folders.flatMap((folder) =>
    flags.map((flag) => ({ index: isShown ? "shown" : "folder", where: sql`${folder} AND ${flag}` })),
  );
}

/** True when a filter's index is by account: no index is by company. */
export const isByAccount = ({ is_read, is_starred, is_archived }: Filter): boolean =>
  is_read === true || is_starred === true || is_archived === true;

/** True when dense ranges find the matches of a filter faster. Their indexes leave out archived messages. */
export const usesRanges = ({ is_archived }: Filter): boolean => is_archived !== undefined;

/** Groups scopes into statements: several scopes without dense ranges, or a single one with them. */
export function groupScopes(scopes: Scope[], filter: Filter): Scope[][] {
  const isPlain = (scope: Scope) => scope.ranges.length === 0 || rangesOf(filter, scope) !== null;
  const plain = groupTerms(scopes.filter(isPlain), (scope) => rangesOf(filter, scope)?.length ?? 1);
  return [...plain, ...scopes.filter((scope) => !isPlain(scope)).map((scope) => [scope])];
}

/**
 * Selects a user's entries, newest first.
 * @param group one group of `groupScopes`
 */
export function selectEntries(userId: number, group: Scope[], query: EntryQuery): SQL<EntryState> {
  const { filter, cursor, offset } = query;
  const limit = guardedLimit(userId, group, query);
  const [first] = group;
  if (first?.ranges.length && rangesOf(filter, first) === null) return selectSegments(userId, first, query);
  return mergeNewest(
    group.flatMap((scope) => {
      const ranges = rangesOf(filter, scope);
      return ranges
        ? byRows(userId, scope, filter, ranges, olderThan("sent_at", "message_id", cursor))
        : byMessages(userId, scope, filter, olderThan("m.sent_at", "m.id", cursor));
    }),
    limit,
    offset,
  );
}

/** Read with the ranges of another time, ten unread messages could be found behind 100,000 read ones only. */
function guardedLimit(userId: number, group: Scope[], { filter, cursor, limit, isGuess }: EntryQuery): SQL {
  const unchanged = group.flatMap((scope) => {
    const { column, value, part, ranges } = scope;
    const isRangeless = !usesRanges(filter) || part === "hidden" || HIDDEN_FOLDERS.includes(part);
    if (!isGuess || isRangeless || rangesOf(filter, scope)) return [];
    return column === "company_id"
      ? sql`NOT EXISTS (
          SELECT 1 FROM ems_accounts a CROSS JOIN ems_inbox_stretches s ON s.account_id = a.id AND s.user_id = ${userId}
          WHERE a.company_id = ${value})`
      : sql`${selectRanges(userId, sql`${value}`, cursor)} = ${formatRanges(ranges)}`;
  });
  return unchanged.length ? sql`iif(${sql.join(unchanged, sql` AND `)}, ${limit}, 0)` : sql`${limit}`;
}

/** Selects the user's entries for all messages of a thread, unordered. */
export const selectThread = (userId: number, scope: Scope, filter: Filter): SQL<EntryState> =>
  byMessages(userId, scope, filter, sql``);

/** The flags as literals: SQLite uses a partial index only if the condition has its literals. */
export const flagsOf = ({ is_read, is_starred, is_archived }: Filter, of: (column: string) => string): SQL =>
  sql.raw(
    Object.entries({ is_archived, is_read, is_starred })
      .flatMap(([column, flag]) => (flag === undefined ? [] : `AND ${of(column)} = ${flag ? 1 : 0}`))
      .join(" "),
  );

/** Drives from ems_inbox_entries: one SELECT per range. */
const byRows = (
  userId: number,
  { column, value }: Scope,
  filter: Filter,
  ranges: IndexRange[],
  bounds: SQL,
): SQL<EntryState>[] =>
  ranges.map(
    ({ index, where }) => sql`
      SELECT message_id AS id, sent_at AS at, is_read, is_starred, is_archived, read_at
      FROM ems_inbox_entries INDEXED BY ${sql.raw(`ems_inbox_entries_${index}`)}
      WHERE user_id = ${userId} AND ${sql.raw(column)} = ${value} AND ${where}
        ${flagsOf(filter, (flag) => flag)} ${bounds}`,
  );

/** Drives from ems_messages: messages that the user has not touched have no entry row. */
const byMessages = (userId: number, scope: Scope, filter: Filter, bounds: SQL): SQL<EntryState> => sql`
  SELECT m.id, m.sent_at AS at, coalesce(e.is_read, 0) AS is_read, coalesce(e.is_starred, 0) AS is_starred,
    coalesce(e.is_archived, 0) AS is_archived, e.read_at
  FROM ems_messages m LEFT JOIN ems_inbox_entries e ON e.user_id = ${userId} AND e.message_id = m.id
  WHERE m.${sql.raw(scope.column)} = ${scope.value} AND ${partOf(scope.part, "m.", scope.column === "thread_id")}
    ${scope.account ? sql`AND m.account_id = ${scope.account}` : sql``}
    ${flagsOf(filter, (flag) => `coalesce(e.${flag}, 0)`)} ${bounds}`;

/** @param byHidden true when the index needs `hidden` even for a single folder */
function partOf(part: Scope["part"], table: "" | "m.", byHidden = false): SQL {
  const hidden = (isHidden: boolean) => sql.raw(`${table}hidden = ${isHidden ? 1 : 0}`);
  if (part === "shown" || part === "hidden") return hidden(part === "hidden");
  const folder = sql`${sql.raw(table)}folder = ${part}`;
  return byHidden ? sql`${hidden(HIDDEN_FOLDERS.includes(part))} AND ${folder}` : folder;
}

/**
 * Selects a scope in segments from newest to oldest: the gap above each dense range, the range, and the rest. SQLite
 * runs a segment only if the ones before it returned too few rows.
 */
function selectSegments(userId: number, scope: Scope, query: EntryQuery): SQL<EntryState> {
  const { filter, cursor, limit, offset } = query;
  const segments: SQL<EntryState>[][] = [];
  let below = olderThan("m.sent_at", "m.id", cursor);
  for (const { newest, oldest } of scope.ranges) {
    // One bound on either side: D1 takes 100 parameters.
    const isAbove = !cursor || isNewer(cursor, newest);
    const upper = isAbove
      ? sql`AND ${compare("sent_at", "message_id", "<=", newest)}`
      : olderThan("sent_at", "message_id", cursor);
    const within = sql`${upper} AND ${compare("sent_at", "message_id", ">=", oldest)}`;
    const above = sql`${below} AND ${compare("m.sent_at", "m.id", ">", newest)}`;
    if (isAbove) segments.push([byMessages(userId, scope, filter, above)]);
    segments.push(byRows(userId, scope, filter, rangesWithin(filter, scope.part), within));
    below = olderThan("m.sent_at", "m.id", oldest);
  }
  segments.push([byMessages(userId, scope, filter, below)]);
  const terms = segments.map((segment) => sql`SELECT * FROM (${mergeNewest(segment, limit + offset, 0)})`);
  return sql`
    ${sql.join(terms, sql` UNION ALL `)} LIMIT ${guardedLimit(userId, [scope], query)} OFFSET ${offset}`;
}
