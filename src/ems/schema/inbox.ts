import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * One user's state of one message. Without a row it is unread, not starred and not archived. Like the tables below
 * whose key has several columns, it is WITHOUT ROWID in its migration: D1 bills one row written less for each.
 */
export const inboxEntries = sqliteTable(
  "ems_inbox_entries",
  {
    user_id: integer().notNull(),
    message_id: text().notNull(),
    company_id: integer().notNull(),
    account_id: text().notNull(),
    /** Copied from the message, for ordering by the indexes below. */
    sent_at: integer().notNull(),
    is_read: integer({ mode: "boolean" }).notNull().default(false),
    is_starred: integer({ mode: "boolean" }).notNull().default(false),
    is_archived: integer({ mode: "boolean" }).notNull().default(false),
    read_at: integer(),
    /** Copied from the message by trigger. */
    folder: text().notNull().default("inbox"),
    hidden: integer().generatedAlwaysAs(sql`folder IN ('junk', 'trash', 'drafts')`, { mode: "virtual" }),
    /** In sent or archive, if shown. */
    elsewhere: integer().generatedAlwaysAs(sql`folder <> 'inbox'`, { mode: "virtual" }),
    /** A bit mask: see items/counts.ts. */
    state: integer().generatedAlwaysAs(sql`is_read + 2 * is_starred + 4 * is_archived`, { mode: "virtual" }),
  },
  (t) => [
    primaryKey({ columns: [t.message_id, t.user_id] }),
    // Each list of messages that are not archived merges a few ranges of the first two indexes: see inbox/entries.ts.
    index("ems_inbox_entries_shown")
      .on(t.user_id, t.account_id, t.elsewhere, t.is_read, t.sent_at, t.message_id)
      .where(sql`is_archived = 0 AND hidden = 0`),
    // Most messages are in the inbox folder and not in this index.
    index("ems_inbox_entries_folder")
      .on(t.user_id, t.account_id, t.folder, t.is_read, t.sent_at, t.message_id)
      .where(sql`is_archived = 0 AND elsewhere = 1`),
    index("ems_inbox_entries_starred")
      .on(t.user_id, t.account_id, t.sent_at, t.message_id)
      .where(sql`is_starred = 1`),
    index("ems_inbox_entries_archived")
      .on(t.user_id, t.account_id, t.sent_at, t.message_id)
      .where(sql`is_archived = 1`),
  ],
);

/**
 * A range of an account's messages in which a user has an entry row for each, except for late ones not yet shown
 * to them. Inside it an index finds the few unread among many read. Elsewhere the query must look for missing rows
 * (see inbox/dense-ranges.ts).
 */
export const inboxStretches = sqliteTable(
  "ems_inbox_stretches",
  {
    user_id: integer().notNull(),
    account_id: text().notNull(),
    newest_at: integer().notNull(),
    newest_id: text().notNull(),
    oldest_at: integer().notNull(),
    oldest_id: text().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.user_id, t.newest_at, t.newest_id] }),
    index("ems_inbox_stretches_newest").on(t.account_id, t.newest_at),
    index("ems_inbox_stretches_oldest").on(t.account_id, t.oldest_at),
  ],
);

/**
 * Messages stored inside the range of some user. By trigger. Each user gets entry rows for them at their next
 * request (inbox/backlog.ts), so a late mail costs the same for any team size.
 */
export const lateMessages = sqliteTable(
  "ems_late_messages",
  {
    /** Never reused, although rows that all users have seen are deleted. */
    seq: integer().primaryKey({ autoIncrement: true }),
    account_id: text().notNull(),
    message_id: text().notNull(),
  },
  (t) => [
    index("ems_late_messages_account").on(t.account_id, t.seq),
    index("ems_late_messages_message").on(t.message_id),
  ],
);

/** What a user has done with the messages of an account. By trigger. */
export const inboxCounters = sqliteTable(
  "ems_inbox_counters",
  {
    user_id: integer().notNull(),
    account_id: text().notNull(),
    /**
     * JSON: the number of messages by folder and state, such as `{"inbox1": 30, "sent3": 1}`; see items/counts.ts. One
     * column, so that any change of a message writes one row.
     */
    states: text().notNull().default("{}"),
    /** The last late message for which the user has an entry row; null before the first range. */
    late_seen: integer(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.user_id] }),
    index("ems_inbox_counters_late").on(t.account_id, t.late_seen).where(sql`late_seen IS NOT NULL`),
  ],
);
