import { type SQL, sql } from "drizzle-orm/sql";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type Folder, HIDDEN_FOLDERS } from "../folders.ts";
import { after, compare, inStatements, mergeNewest } from "../lists/page.ts";
import type { RowKey } from "../lists/pagination.ts";
import type { inboxEntries } from "../schema/inbox.ts";
import type { DenseRange } from "./dense-ranges.ts";

/** Selects messages of an inbox by the user's state of them. */
export interface Filter {
  /** Undefined for both. */
  is_read: boolean | undefined;
  is_starred: boolean | undefined;
  is_archived: boolean;
}

/** The user's state of a message; `at` and `id` are the message's. */
export type EntryState = RowKey &
  Pick<RowOf<typeof inboxEntries>, "is_read" | "is_starred" | "is_archived" | "read_at">;

/** What one statement lists: an account, a thread, or a company without stretches. */
export interface Scope {
  column: "account_id" | "company_id" | "thread_id";
  value: string | number;
  /** The shown messages, the hidden ones, or those of one folder. */
  part: "shown" | "hidden" | Folder;
  /** At most two. D1 allows five terms in a compound: the stretches, the gap before each, and the rest. */
  ranges: DenseRange[];
  /** For a thread: restricts it to this account. */
  account?: string | undefined;
}

export interface EntryQuery {
  filter: Filter;
  cursor: RowKey | undefined;
  offset: number;
  limit: number;
}

/**
 * The index of entry rows by which a filter is read, if all that it shows has a row. Null to drive from messages:
 * some have no row, or they are the few of a thread.
 */
function indexOf({ is_read, is_starred, is_archived }: Filter, { column, part }: Scope): string | null {
  if (column === "thread_id") return null;
  if (is_starred) return "ems_inbox_entries_starred";
  if (is_archived) return "ems_inbox_entries_archived";
  if (!is_read || part === "hidden") return null;
  if (part !== "shown") return "ems_inbox_entries_folder";
  return column === "company_id" ? "ems_inbox_entries_company_read" : "ems_inbox_entries_read";
}

/** The same within a stretch, where every message has a row. */
function indexWithin({ is_read }: Filter, { part }: Scope): string {
  const [all, unread] =
    part === "shown"
      ? ["ems_inbox_entries_shown", "ems_inbox_entries_unread"]
      : ["ems_inbox_entries_folder", "ems_inbox_entries_folder_unread"];
  return is_read === false ? unread : all;
}

/** Whether the index of a filter has only accounts, not companies. */
export const isByAccount = ({ is_starred, is_archived }: Filter): boolean =>
  is_starred === true || is_archived;

/** Groups scopes into statements: up to five plain ones, or one that has stretches. */
export function groupScopes(scopes: Scope[], filter: Filter): Scope[][] {
  const isPlain = (scope: Scope) => scope.ranges.length === 0 || indexOf(filter, scope) !== null;
  const plain = inStatements(scopes.filter(isPlain));
  return [...plain, ...scopes.filter((scope) => !isPlain(scope)).map((scope) => [scope])];
}

/** Selects a user's entries of a group of `groupScopes`, newest first. */
export function selectEntries(userId: number, group: Scope[], query: EntryQuery): SQL<EntryState> {
  const { filter, cursor, limit, offset } = query;
  const [first] = group;
  if (first?.ranges.length && indexOf(filter, first) === null) return selectSegments(userId, first, query);
  return mergeNewest(
    group.map((scope) => {
      const index = indexOf(filter, scope);
      return index
        ? byRows(userId, scope, filter, index, after("sent_at", "message_id", cursor))
        : byMessages(userId, scope, filter, after("m.sent_at", "m.id", cursor));
    }),
    limit,
    offset,
  );
}

/** Selects the user's entries of all messages of a thread, in no order. */
export const selectThread = (userId: number, scope: Scope, filter: Filter): SQL<EntryState> =>
  byMessages(userId, scope, filter, sql``);

/** Flags are literals: SQLite uses a partial index only if it can see the value. */
const flagsOf = ({ is_read, is_starred, is_archived }: Filter, of: (column: string) => string): SQL =>
  sql.raw(
    Object.entries({ is_archived, is_read, is_starred })
      .flatMap(([column, flag]) => (flag === undefined ? [] : `AND ${of(column)} = ${flag ? 1 : 0}`))
      .join(" "),
  );

/** Drives from ems_inbox_entries, by index. */
const byRows = (
  userId: number,
  { column, value, part }: Scope,
  filter: Filter,
  index: string,
  bounds: SQL,
): SQL<EntryState> => sql`
  SELECT message_id AS id, sent_at AS at, is_read, is_starred, is_archived, read_at
  FROM ems_inbox_entries INDEXED BY ${sql.raw(index)}
  WHERE user_id = ${userId} AND ${sql.raw(column)} = ${value} AND ${partOf(part, "")}
    ${flagsOf(filter, (flag) => flag)} ${bounds}`;

/** Drives from ems_messages: messages that the user has not touched have no entry row. */
const byMessages = (userId: number, scope: Scope, filter: Filter, bounds: SQL): SQL<EntryState> => sql`
  SELECT m.id, m.sent_at AS at, coalesce(e.is_read, 0) AS is_read, coalesce(e.is_starred, 0) AS is_starred,
    coalesce(e.is_archived, 0) AS is_archived, e.read_at
  FROM ems_messages m LEFT JOIN ems_inbox_entries e ON e.user_id = ${userId} AND e.message_id = m.id
  WHERE m.${sql.raw(scope.column)} = ${scope.value} AND ${partOf(scope.part, "m.", scope.column === "thread_id")}
    ${scope.account ? sql`AND m.account_id = ${scope.account}` : sql``}
    ${flagsOf(filter, (flag) => `coalesce(e.${flag}, 0)`)} ${bounds}`;

/** @param byHidden whether the index has `hidden` before the order, so that a folder must name it, too */
function partOf(part: Scope["part"], table: "" | "m.", byHidden = false): SQL {
  const hidden = (isHidden: boolean) => sql.raw(`${table}hidden = ${isHidden ? 1 : 0}`);
  if (part === "shown" || part === "hidden") return hidden(part === "hidden");
  const folder = sql`${sql.raw(table)}folder = ${part}`;
  return byHidden ? sql`${hidden(HIDDEN_FOLDERS.includes(part))} AND ${folder}` : folder;
}

/**
 * Reads a scope downwards: gap, stretch, gap and so on. SQLite opens a segment only if the segments before it gave
 * too few rows.
 */
function selectSegments(
  userId: number,
  scope: Scope,
  { filter, cursor, limit, offset }: EntryQuery,
): SQL<EntryState> {
  const segments: SQL<EntryState>[] = [];
  let below = after("m.sent_at", "m.id", cursor);
  for (const { newest, oldest } of scope.ranges) {
    const above = sql`${below} AND ${compare("m.sent_at", "m.id", ">", newest)}`;
    const within = sql`${after("sent_at", "message_id", cursor)}
      AND ${compare("sent_at", "message_id", "<=", newest)} AND ${compare("sent_at", "message_id", ">=", oldest)}`;
    segments.push(
      byMessages(userId, scope, filter, above),
      byRows(userId, scope, filter, indexWithin(filter, scope), within),
    );
    below = after("m.sent_at", "m.id", oldest);
  }
  segments.push(byMessages(userId, scope, filter, below));
  const terms = segments.map((segment) => sql`SELECT * FROM (${mergeNewest([segment], limit + offset, 0)})`);
  return sql`${sql.join(terms, sql` UNION ALL `)} LIMIT ${limit} OFFSET ${offset}`;
}
