import { type SQL, sql } from "drizzle-orm";
import type { Position } from "../../lib/pagination.ts";
import { after, compare } from "../lists.ts";
import type { Stretch } from "./stretches.ts";

/** Which messages an inbox shows: those that are not archived, or of these only the read or the unread. */
export type Filter = "all" | "read" | "unread";

/** The user's state of a message; `at` and `id` are the message's. */
export interface EntryState extends Position {
  is_read: number;
  is_starred: number;
  read_at: number | null;
}

/** What one statement lists: an account, or a company of whose accounts none has a stretch. */
export interface Scope {
  column: "account_id" | "company_id";
  value: string | number;
  /** At most two: SQLite takes five terms in a compound, which are these, what lies before each, and the rest. */
  stretches: Stretch[];
}

export interface EntryQuery {
  filter: Filter;
  cursor: Position | undefined;
  offset: number;
  limit: number;
}

/** Selects a user's entries of a scope, newest first, as rows of EntryState. */
export const selectEntries = (userId: number, scope: Scope, query: EntryQuery): SQL =>
  query.filter === "read" ? selectRead(userId, scope, query) : selectSegments(userId, scope, query);

/** What is read has an entry row. */
const selectRead = (
  userId: number,
  { column, value }: Scope,
  { cursor, limit, offset }: EntryQuery,
): SQL => sql`
  SELECT message_id AS id, sent_at AS at, is_read, is_starred, read_at FROM ems_inbox_entries
  WHERE user_id = ${userId} AND ${sql.raw(column)} = ${value} AND is_archived = 0 AND is_read = 1
    ${after("sent_at", "message_id", cursor)}
  ORDER BY sent_at DESC, message_id DESC LIMIT ${limit} OFFSET ${offset}`;

/**
 * Walks down a scope, stretch by stretch: within one the entry rows lead, by index; between them the messages
 * do, since what is not touched has no entry. SQLite opens a segment only when those before gave too few rows.
 */
function selectSegments(userId: number, scope: Scope, { filter, cursor, limit, offset }: EntryQuery): SQL {
  const column = sql.raw(scope.column);
  const between = (bounds: SQL) => sql`
    SELECT m.id, m.sent_at AS at, coalesce(e.is_read, 0) AS is_read, coalesce(e.is_starred, 0) AS is_starred, e.read_at
    FROM ems_messages m LEFT JOIN ems_inbox_entries e ON e.user_id = ${userId} AND e.message_id = m.id
    WHERE m.${column} = ${scope.value} AND coalesce(e.is_archived, 0) = 0
      ${filter === "unread" ? sql`AND coalesce(e.is_read, 0) = 0` : sql``} ${bounds}
    ORDER BY m.sent_at DESC, m.id DESC LIMIT ${limit + offset}`;
  const within = ({ newest, oldest }: Stretch) => sql`
    SELECT message_id AS id, sent_at AS at, is_read, is_starred, read_at FROM ems_inbox_entries
    WHERE user_id = ${userId} AND ${column} = ${scope.value} AND is_archived = 0
      ${filter === "unread" ? sql`AND is_read = 0` : sql``} ${after("sent_at", "message_id", cursor)}
      AND ${compare("sent_at", "message_id", "<=", newest)} AND ${compare("sent_at", "message_id", ">=", oldest)}
    ORDER BY sent_at DESC, message_id DESC LIMIT ${limit + offset}`;

  const segments: SQL[] = [];
  let below = after("m.sent_at", "m.id", cursor);
  for (const stretch of scope.stretches) {
    segments.push(
      between(sql`${below} AND ${compare("m.sent_at", "m.id", ">", stretch.newest)}`),
      within(stretch),
    );
    below = after("m.sent_at", "m.id", stretch.oldest);
  }
  segments.push(between(below));
  const terms = segments.map((segment) => sql`SELECT * FROM (${segment})`);
  return sql`${sql.join(terms, sql` UNION ALL `)} LIMIT ${limit} OFFSET ${offset}`;
}
