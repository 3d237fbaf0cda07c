import { type SQL, sql } from "drizzle-orm";
import type { Position } from "../../lib/pagination.ts";
import { after, compare, inStatements, isHidden, mergeNewest } from "../lists.ts";
import type { Folder } from "../schema/mail.ts";
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
  /** Of what is shown; or of what is hidden; or of one folder. */
  part: "shown" | "hidden" | Folder;
  /** At most two: SQLite takes five terms in a compound, which are these, what lies before each, and the rest. */
  stretches: Stretch[];
}

export interface EntryQuery {
  filter: Filter;
  cursor: Position | undefined;
  offset: number;
  limit: number;
}

/** Only shown messages have stretches, and indexes of their entry rows. */
const isShown = ({ part }: Scope): boolean =>
  part !== "hidden" && !isHidden(part === "shown" ? undefined : part);

/** The scopes that one statement lists: some plain ones, or one with stretches. */
export function groupScopes(scopes: Scope[], filter: Filter): Scope[][] {
  // What is read has an entry row, wherever it is.
  const isPlain = ({ stretches }: Scope) => filter === "read" || stretches.length === 0;
  const plain = inStatements(scopes.filter(isPlain));
  return [...plain, ...scopes.filter((scope) => !isPlain(scope)).map((scope) => [scope])];
}

/** Selects a user's entries of a group of `groupScopes`, newest first, as rows of EntryState. */
export function selectEntries(userId: number, group: Scope[], query: EntryQuery): SQL {
  const { filter, cursor, limit, offset } = query;
  const [first] = group;
  if (first?.stretches.length && filter !== "read") return selectSegments(userId, first, query);
  const parts = group.map((scope) =>
    filter === "read" && isShown(scope)
      ? read(userId, scope, cursor)
      : between(userId, scope, filter, after("m.sent_at", "m.id", cursor)),
  );
  return mergeNewest(parts, limit, offset);
}

const read = (userId: number, scope: Scope, cursor: Position | undefined): SQL => sql`
  SELECT message_id AS id, sent_at AS at, is_read, is_starred, read_at FROM ems_inbox_entries
  WHERE user_id = ${userId} AND ${ofEntries(scope)} AND is_read = 1
    ${after("sent_at", "message_id", cursor)}`;

/** The plus keeps SQLite on the index of the shown entries: a folder is only checked. */
const ofEntries = ({ column, value, part }: Scope): SQL => sql`
  ${sql.raw(column)} = ${value} AND is_archived = 0 AND hidden = 0
    ${part === "shown" ? sql`` : sql`AND +folder = ${part}`}`;

/** As the indexes of messages have it. */
const ofMessages = ({ column, value, part }: Scope): SQL => {
  const hidden = { shown: sql`m.hidden = 0`, hidden: sql`m.hidden = 1` };
  const isPart = part === "shown" || part === "hidden" ? hidden[part] : sql`m.folder = ${part}`;
  return sql`m.${sql.raw(column)} = ${value} AND ${isPart}`;
};

const BY_FILTER: Record<Filter, SQL> = {
  all: sql``,
  read: sql`AND coalesce(e.is_read, 0) = 1`,
  unread: sql`AND coalesce(e.is_read, 0) = 0`,
};

/** Where messages lead, since what is not touched has no entry. */
const between = (userId: number, scope: Scope, filter: Filter, bounds: SQL): SQL => sql`
  SELECT m.id, m.sent_at AS at, coalesce(e.is_read, 0) AS is_read, coalesce(e.is_starred, 0) AS is_starred, e.read_at
  FROM ems_messages m LEFT JOIN ems_inbox_entries e ON e.user_id = ${userId} AND e.message_id = m.id
  WHERE ${ofMessages(scope)} AND coalesce(e.is_archived, 0) = 0 ${BY_FILTER[filter]} ${bounds}`;

/** Where entry rows lead, by index. */
const within = (
  userId: number,
  scope: Scope,
  filter: Filter,
  { newest, oldest }: Stretch,
  cursor: Position | undefined,
): SQL => sql`
  SELECT message_id AS id, sent_at AS at, is_read, is_starred, read_at FROM ems_inbox_entries
  WHERE user_id = ${userId} AND ${ofEntries(scope)}
    ${filter === "unread" ? sql`AND is_read = 0` : sql``} ${after("sent_at", "message_id", cursor)}
    AND ${compare("sent_at", "message_id", "<=", newest)} AND ${compare("sent_at", "message_id", ">=", oldest)}`;

/**
 * Walks down a scope, stretch by stretch, and what lies between them. SQLite opens a segment only when those before
 * gave too few rows.
 */
function selectSegments(userId: number, scope: Scope, { filter, cursor, limit, offset }: EntryQuery): SQL {
  const segments: SQL[] = [];
  let below = after("m.sent_at", "m.id", cursor);
  for (const stretch of scope.stretches) {
    const above = sql`${below} AND ${compare("m.sent_at", "m.id", ">", stretch.newest)}`;
    segments.push(between(userId, scope, filter, above), within(userId, scope, filter, stretch, cursor));
    below = after("m.sent_at", "m.id", stretch.oldest);
  }
  segments.push(between(userId, scope, filter, below));
  const terms = segments.map((segment) => sql`SELECT * FROM (${mergeNewest([segment], limit + offset, 0)})`);
  return sql`${sql.join(terms, sql` UNION ALL `)} LIMIT ${limit} OFFSET ${offset}`;
}
