import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** The flight recorder of the webhook: one row a notification, and what became of it. */
export const deliveries = sqliteTable(
  "ems_deliveries",
  {
    /** Nylas's id of the notification: a repetition has the same. */
    id: text().primaryKey(),
    type: text().notNull(),
    grant_id: text(),
    /** Null while no account has that grant. */
    account_id: text(),
    received_at: integer().notNull(),
    /** When Nylas says that it happened. */
    occurred_at: integer(),
    state: text({ enum: ["received", "applied", "ignored", "parked"] }).notNull(),
    /** How often it was tried without success. */
    attempts: integer().notNull().default(0),
    error: text(),
    finished_at: integer(),
    /** Where its raw bytes lie in R2, for 30 days. */
    key: text().notNull(),
  },
  (t) => [
    index("ems_deliveries_account").on(t.account_id, t.received_at, t.id),
    index("ems_deliveries_parked").on(t.received_at).where(sql`state = 'parked'`),
    index("ems_deliveries_parked_account").on(t.account_id).where(sql`state = 'parked'`),
  ],
);

/** How far an account's history and its regular sweeps have come. */
export const syncs = sqliteTable(
  "ems_syncs",
  {
    account_id: text().primaryKey(),
    /** Names the backfill: steps of an earlier one find themselves outdated. */
    run: text().notNull(),
    state: text({ enum: ["running", "done", "failed"] }).notNull(),
    /** The provider's, of the next page; null before the first. */
    cursor: text(),
    fetched: integer().notNull().default(0),
    estimated_total: integer(),
    oldest_at: integer(),
    /** When the backfill last got on: one that stands still is started again from here by the sweep. */
    moved_at: integer().notNull(),
    /** Up to when sweeps have compared the mailbox, and when the last one ended. */
    swept_until: integer().notNull(),
    swept_at: integer(),
    repaired: integer().notNull().default(0),
    last_error: text(),
  },
  (t) => [
    index("ems_syncs_swept").on(t.swept_until),
    index("ems_syncs_running").on(t.moved_at).where(sql`state = 'running'`),
  ],
);
