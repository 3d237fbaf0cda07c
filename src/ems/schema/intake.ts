import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * The ledger of notifications: one row each, with what became of it. A message of a backfill or sweep that could not
 * be stored is parked here as well, as `poll/{account}/{provider's id}`.
 */
export const notifications = sqliteTable(
  "ems_deliveries",
  {
    /** The provider's id of the notification: a repetition has the same. */
    id: text().primaryKey(),
    type: text().notNull(),
    grant_id: text(),
    /** Null while no account has that grant. */
    account_id: text(),
    received_at: integer().notNull(),
    /** When the provider says that it happened. */
    occurred_at: integer(),
    state: text({ enum: ["received", "applied", "ignored", "parked"] }).notNull(),
    /** Failed tries. */
    attempts: integer().notNull().default(0),
    error: text(),
    /** The cause of the last failure. After an outage cron tries again; otherwise the notification is at fault. */
    cause_kind: text({ enum: ["outage", "itself"] }),
    /** When cron replays it; null for never. */
    retry_at: integer(),
    /** How often cron has replayed it. */
    replays: integer().notNull().default(0),
    finished_at: integer(),
    /** The R2 key of its bytes, which are kept for 30 days. */
    key: text().notNull(),
  },
  (t) => [
    index("ems_deliveries_account").on(t.account_id, t.received_at, t.id),
    index("ems_deliveries_parked").on(t.received_at).where(sql`state = 'parked'`),
    index("ems_deliveries_parked_of").on(t.account_id, t.received_at).where(sql`state = 'parked'`),
    index("ems_deliveries_retry").on(t.retry_at).where(sql`retry_at IS NOT NULL`),
  ],
);

/** How far an account's history and its regular sweeps have come. */
export const syncs = sqliteTable(
  "ems_syncs",
  {
    account_id: text().primaryKey(),
    /** Names the backfill. Steps of an earlier one stop. */
    run: text().notNull(),
    state: text({ enum: ["running", "done", "failed"] }).notNull(),
    /** The provider's cursor of the next page; null before the first. */
    cursor: text(),
    fetched: integer().notNull().default(0),
    estimated_total: integer(),
    oldest_at: integer(),
    /** When the backfill last moved on or failed. Cron resumes one that stands still. */
    moved_at: integer().notNull(),
    /** How often the queue has given up on it. The gaps until cron resumes it grow. */
    failures: integer().notNull().default(0),
    /** The time of the running sweep's last step: it names the sweep, and is its lease. Null when none runs. */
    sweeping_since: integer(),
    /** How far back the audit of the whole mailbox has come, a page a sweep; null before it begins. */
    audited_until: integer(),
    /** The newest mail that sweeps have compared, and when the last sweep ended. */
    swept_until: integer().notNull(),
    swept_at: integer(),
    repaired: integer().notNull().default(0),
    last_error: text(),
  },
  (t) => [
    index("ems_syncs_swept").on(t.swept_until),
    index("ems_syncs_running").on(t.moved_at).where(sql`state = 'running'`),
    index("ems_syncs_failed").on(t.moved_at).where(sql`state = 'failed'`),
  ],
);

/**
 * Messages that the provider may have deleted without telling us. The next sweep asks for each, so a row lives some
 * minutes. (WITHOUT ROWID in its migration: one row written.)
 */
export const suspects = sqliteTable(
  "ems_suspects",
  {
    account_id: text().notNull(),
    provider_message_id: text().notNull(),
    ask_at: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.account_id, t.provider_message_id] })],
);
