import { entryIdOf } from "../../lib/ids.ts";
import type { Database } from "../../platform/d1/database.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { countOf, type Filter, SHOWN, UNREAD } from "../items/counts.ts";
import type { InboxItemResponse } from "../items/responses.ts";
import {
  type ItemMessageRow,
  MESSAGE_COLUMNS,
  type StateRow,
  type ThreadRow,
  toItem,
  toSummary,
} from "../items/rows.ts";
import type { LoggedEvent } from "./log.ts";
import type { CountsResponse, EventDetails } from "./responses.ts";

// Events carry the list items that they change, so that a client need not read its lists again. The items are read
// with the log, once for all streams. They show the state at that time, which may be newer than the event.
//
// An inbox item depends on the user. Few users have touched a message that has just changed, so their states are read
// with it. For everyone else it is unread.

/** If more users have touched the message, or the event is about more messages, clients must read their lists. */
const [MAX_TOUCHED, MAX_ITEMS] = [8, 25];

const WITH_ITEMS = ["message.created", "message.updated", "inbox.updated"];
/** A message's new subject may be its thread's, too. */
const WITH_THREAD = ["thread.created", "thread.updated", "message.updated"];

/** An event, and what it is about. All rows are of the event's company. */
export interface DetailedEvent extends LoggedEvent {
  /** Empty if the message is gone, or if the event is not about messages. */
  messages: MessageRow[];
  /** These are null if the thread is gone, or if the event is not about it. */
  thread: ThreadRow | null;
  account: AccountRow | null;
}

interface MessageRow extends ItemMessageRow {
  /** Of the users who have touched it. */
  states: (StateRow & { user_id: number })[];
}

interface AccountRow extends Pick<CountsResponse, "account_id" | "message_count" | "thread_count"> {
  email_address: string;
  /** Of the users who have touched the message, and of a private event's user. */
  counters: { user_id: number; states: string }[];
}

type JsonColumns = Record<"messages" | "thread" | "account", string | null>;

const listOf = (types: string[]): SQL => sql.raw(types.map((type) => `'${type}'`).join(", "));

/** The entries of a message: of a private event's user only, or of everyone up to one too many. */
const entriesOf = (messageId: string): SQL => sql`
  SELECT * FROM ems_inbox_entries WHERE message_id = ${sql.raw(messageId)}
    AND user_id BETWEEN coalesce(page.user_id, -9e15) AND coalesce(page.user_id, 9e15)
  LIMIT ${sql.raw(String(MAX_TOUCHED + 1))}`;

const withDetails = (events: SQL<LoggedEvent>): SQL<LoggedEvent & JsonColumns> => sql`
  SELECT page.*,
    CASE WHEN page.type IN (${listOf(WITH_ITEMS)}) THEN (
      SELECT json_group_array(json_object('id', m.id, 'at', m.sent_at,
        ${sql.raw(MESSAGE_COLUMNS.map((name) => `'${name}', m.${name}`).join(", "))},
        'thread_subject', mt.subject, 'thread_message_count', mt.message_count, 'states', json((
          SELECT json_group_array(json_object('user_id', user_id, 'is_read', is_read, 'is_starred', is_starred,
            'is_archived', is_archived, 'read_at', read_at)) FROM (${entriesOf("m.id")})))))
      FROM (
        SELECT id FROM ems_messages WHERE id = page.message_id
        UNION ALL SELECT id FROM (
          SELECT id FROM ems_messages WHERE thread_id = page.thread_id AND hidden = 0 AND page.message_id IS NULL
          LIMIT ${sql.raw(String(MAX_ITEMS + 1))})) related
      CROSS JOIN ems_messages m ON m.id = related.id AND m.company_id = page.company_id
      CROSS JOIN ems_threads mt ON mt.id = m.thread_id
    ) END AS messages,
    CASE WHEN t.id IS NOT NULL AND page.type IN (${listOf(WITH_THREAD)}) THEN
      json_object('id', t.id, 'at', t.last_message_at, 'email_account_id', t.account_id, 'subject', t.subject,
        'message_count', t.message_count, 'do_not_delete', t.do_not_delete, 'created_at', t.created_at,
        'version', t.version)
    END AS thread,
    CASE WHEN a.id IS NOT NULL THEN
      json_object('account_id', a.id, 'email_address', a.email_address, 'message_count', a.message_count,
        'thread_count', a.thread_count, 'counters', json((
          SELECT json_group_array(json_object('user_id', n.user_id, 'states', n.states))
          FROM (
            SELECT page.user_id WHERE page.user_id IS NOT NULL
            UNION ALL SELECT user_id FROM (${entriesOf("iif(page.user_id IS NULL, page.message_id, NULL)")})) related
          CROSS JOIN ems_inbox_counters n ON n.user_id = related.user_id AND n.account_id = a.id)))
    END AS account
  FROM (${events}) page
  LEFT JOIN ems_threads t ON t.id = page.thread_id AND t.company_id = page.company_id
    AND page.type IN (${listOf([...new Set([...WITH_ITEMS, ...WITH_THREAD])])})
  LEFT JOIN ems_accounts a ON a.id = t.account_id AND a.company_id = page.company_id`;

/** Reads events in order, and what they are about. @param events a SELECT of EVENT_COLUMNS */
export async function readDetails(db: Database, events: SQL<LoggedEvent>): Promise<DetailedEvent[]> {
  const rows = await db.all(withDetails(events));
  // Sorted here: D1 bills the rows that SQLite sorts.
  return rows
    .sort((a, b) => a.id - b.id)
    .map((event) => ({
      ...event,
      messages: JSON.parse(event.messages ?? "[]"),
      thread: JSON.parse(event.thread ?? "null"),
      account: JSON.parse(event.account ?? "null"),
    }));
}

/** The users for whom the event differs from what everyone else gets. */
export const usersIn = ({ user_id, account }: DetailedEvent): number[] =>
  user_id === null ? (account?.counters.map((counter) => counter.user_id) ?? []) : [];

const UNTOUCHED: StateRow = { is_read: 0, is_starred: 0, is_archived: 0, read_at: null };

/** The entry id of an item for any user: `personalize` replaces it. */
const ENTRY_ID = /"id":"@([\da-f-]{36})"/g;

/**
 * Puts a user's entry ids into the JSON of an event for everyone. No field can imitate the pattern: JSON escapes the
 * quotes in it.
 */
export const personalize = (userId: number, json: string): string =>
  json.replace(ENTRY_ID, (_, messageId: string) => `"id":"${entryIdOf(userId, messageId)}"`);

/** The fields that tell a client what has changed. @param userId null for everyone who has not touched the message */
export function detailsOf(event: DetailedEvent, userId: number | null): EventDetails {
  const { type, messages, thread, account } = event;
  const [hasItems, hasThread] = [WITH_ITEMS.includes(type), WITH_THREAD.includes(type)];
  const items = account && itemsOf(messages, account.email_address, userId);
  const isKnown = items !== null || !hasItems;
  return {
    ...(hasItems ? { items } : {}),
    ...(hasThread ? { thread: thread && toSummary(thread) } : {}),
    ...(hasItems || hasThread ? { counts: isKnown && account ? countsOf(account, userId) : null } : {}),
  };
}

function itemsOf(messages: MessageRow[], email: string, userId: number | null): InboxItemResponse[] | null {
  if (messages.length === 0 || messages.length > MAX_ITEMS) return null;
  if (messages.some(({ states }) => states.length > MAX_TOUCHED)) return null;
  return messages.map(({ states, ...message }) => {
    const state = states.find(({ user_id }) => user_id === userId) ?? UNTOUCHED;
    const id = userId === null ? `@${message.id}` : entryIdOf(userId, message.id);
    return toItem(id, { ...message, ...state }, email);
  });
}

function countsOf(account: AccountRow, userId: number | null): CountsResponse {
  const { account_id, message_count, thread_count, counters } = account;
  const own = counters.find(({ user_id }) => user_id === userId);
  const count = (filter: Filter) =>
    own ? countOf({ messages: message_count, states: own.states }, filter, undefined) : null;
  const [inbox_count, unread_count] = [count(SHOWN), count(UNREAD)];
  return { account_id, unread_count, inbox_count, message_count, thread_count };
}
