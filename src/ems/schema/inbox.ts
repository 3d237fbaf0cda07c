import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** One user's state of one message. Without a row it is unread, not starred and not archived. */
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
  },
  (t) => [
    primaryKey({ columns: [t.message_id, t.user_id] }),
    index("ems_inbox_entries_shown")
      .on(t.user_id, t.account_id, t.sent_at, t.message_id)
      .where(sql`is_archived = 0 AND hidden = 0`),
    index("ems_inbox_entries_unread")
      .on(t.user_id, t.account_id, t.sent_at, t.message_id)
      .where(sql`is_archived = 0 AND hidden = 0 AND is_read = 0`),
    index("ems_inbox_entries_read")
      .on(t.user_id, t.account_id, t.sent_at, t.message_id)
      .where(sql`is_archived = 0 AND hidden = 0 AND is_read = 1`),
    index("ems_inbox_entries_company_read")
      .on(t.user_id, t.company_id, t.sent_at, t.message_id)
      .where(sql`is_archived = 0 AND hidden = 0 AND is_read = 1`),
    index("ems_inbox_entries_folder")
      .on(t.user_id, t.account_id, t.folder, t.sent_at, t.message_id)
      .where(sql`is_archived = 0`),
    index("ems_inbox_entries_folder_unread")
      .on(t.user_id, t.account_id, t.folder, t.sent_at, t.message_id)
      .where(sql`is_archived = 0 AND is_read = 0`),
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
    primaryKey({ columns: [t.user_id, t.account_id, t.newest_at, t.newest_id] }),
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

/** Shown messages of an account that a user has read or archived. By trigger. The rest is unread. */
export const inboxCounters = sqliteTable(
  "ems_inbox_counters",
  {
    user_id: integer().notNull(),
    account_id: text().notNull(),
    /** Read and not archived. */
    read_count: integer().notNull().default(0),
    archived_count: integer().notNull().default(0),
    /** The last late message for which the user has an entry row. */
    late_seen: integer().notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.user_id, t.account_id] }),
    index("ems_inbox_counters_account").on(t.account_id, t.late_seen),
  ],
);

/** Messages per user, account, folder and state. By trigger; see inbox/counts.ts. */
export const inboxStateCounters = sqliteTable(
  "ems_inbox_state_counters",
  {
    user_id: integer().notNull(),
    account_id: text().notNull(),
    folder: text().notNull(),
    state: integer().notNull(),
    count: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.user_id, t.account_id, t.folder, t.state] }),
    index("ems_inbox_state_counters_account").on(t.account_id),
  ],
);
