import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * The ledger of notifications: one row each, with its outcome. Messages of a backfill or sweep that could not be
 * stored are parked here too, as `poll/{account}/{provider's id}`.
 */
export const notifications = sqliteTable(
  "ems_deliveries",
  {
    /** The provider's id of the notification. Repeated deliveries share it. */
    id: text().primaryKey(),
    type: text().notNull(),
    grant_id: text(),
    /** Null while no account has that grant. */
    account_id: text(),
    received_at: integer().notNull(),
    /** When it happened, by the provider's clock. */
    occurred_at: integer(),
    state: text({ enum: ["received", "applied", "ignored", "parked"] }).notNull(),
    /** Failed tries. */
    attempts: integer().notNull().default(0),
    error: text(),
    /** The cause of the last failure. After an outage cron tries again; otherwise the notification is at fault. */
    cause_kind: text({ enum: ["outage", "itself"] }),
    /** When cron replays it; null for never. */
    retry_at: integer(),
    /** Replays by cron so far. */
    replays: integer().notNull().default(0),
    finished_at: integer(),
    /**
     * The R2 key of its bytes, kept for 30 days: of a large one, and of one that was parked. Empty when none are
     * stored. (To let it be null, SQLite would have to write the whole table anew.)
     */
    key: text().notNull(),
    /** What it says, as far as a replay without its bytes needs it: see intake/recall.ts. Null when that cannot be. */
    change: text(),
  },
  (t) => [
    index("ems_deliveries_account").on(t.account_id, t.received_at, t.id),
    index("ems_deliveries_received").on(t.received_at).where(sql`state = 'received'`),
    index("ems_deliveries_parked").on(t.received_at).where(sql`state = 'parked'`),
    index("ems_deliveries_parked_of").on(t.account_id, t.received_at).where(sql`state = 'parked'`),
    index("ems_deliveries_retry").on(t.retry_at).where(sql`retry_at IS NOT NULL`),
  ],
);

/** Progress of an account's history and of its sweeps. */
export const syncs = sqliteTable(
  "ems_syncs",
  {
    account_id: text().primaryKey(),
    /** Identifies the backfill. Jobs of an earlier one stop. */
    run: text().notNull(),
    state: text({ enum: ["running", "done", "failed"] }).notNull(),
    /** The provider's cursor of the next page; null before the first. */
    cursor: text(),
    fetched: integer().notNull().default(0),
    estimated_total: integer(),
    oldest_at: integer(),
    /** When the backfill last progressed or failed. Cron resumes one that stalls. */
    moved_at: integer().notNull(),
    /** How often its job failed every retry. Cron waits longer after each. */
    failures: integer().notNull().default(0),
    /** Lease of the running sweep: the time of its last step, which also identifies it; null when none runs. */
    sweeping_since: integer(),
    /** How far back the audit has read the mailbox, one page per sweep; null before it starts. */
    audited_until: integer(),
    /** Up to when sweeps have compared the mailbox. */
    swept_until: integer().notNull(),
    /** When the last sweep ended. */
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
 * Messages that the provider may have deleted without notifying us. The next sweep asks for each, so rows live for
 * minutes. WITHOUT ROWID in its migration, so it costs one row written.
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

/**
 * Which company has an address or a grant, while companies are in Durable Objects of their own: see
 * store/directory.ts.
 */
export const directory = sqliteTable(
  "ems_directory",
  {
    /** `address:` or `grant:`, and its value. */
    key: text().primaryKey(),
    company_id: integer().notNull(),
    claimed_at: integer().notNull(),
  },
  (t) => [index("ems_directory_company").on(t.company_id)],
);
