import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * Messages deleted less than an hour ago, with their users' state. Some providers report a move as a deletion and
 * a creation.
 */
export const departures = sqliteTable(
  "ems_departures",
  {
    message_id: text().primaryKey(),
    account_id: text().notNull(),
    internet_message_id: text().notNull(),
    from_address: text().notNull(),
    subject: text().notNull(),
    sent_at: integer().notNull(),
    thread_id: text().notNull(),
    created_at: integer().notNull(),
    /** JSON: `[{user_id, is_read, is_starred, is_archived, read_at}, …]`. */
    entries: text().notNull(),
    departed_at: integer().notNull(),
    /** As in the message. */
    sent_by: integer(),
  },
  (t) => [index("ems_departures_internet").on(t.account_id, t.internet_message_id)],
);

/** Messages that the provider deleted. A late notification of an earlier state must not restore them. */
export const tombstones = sqliteTable(
  "ems_tombstones",
  {
    account_id: text().notNull(),
    provider_message_id: text().notNull(),
    /** In milliseconds. */
    deleted_at: integer().notNull(),
    /** Lets replies find the rest of its thread; null for a message that was never stored. */
    internet_message_id: text(),
    thread_id: text(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.provider_message_id] }),
    index("ems_tombstones_internet")
      .on(t.account_id, t.internet_message_id)
      .where(sql`internet_message_id IS NOT NULL`),
    index("ems_tombstones_thread").on(t.thread_id).where(sql`thread_id IS NOT NULL`),
  ],
);
