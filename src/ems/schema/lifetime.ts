import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * R2 objects without a row, and when to delete them: see garbage.ts. Triggers in migrations/ems/0013_lifetime.sql
 * remove a key when a row starts to refer to it, and add it when the row stops. The table is WITHOUT ROWID.
 */
export const garbage = sqliteTable(
  "ems_garbage",
  {
    key: text().primaryKey(),
    due_at: integer().notNull(),
  },
  (t) => [index("ems_garbage_due").on(t.due_at)],
);

/**
 * How far cron has looked for bodies that earlier versions stored in rows: see ingest/inline-bodies.ts. At most one row.
 */
export const inlineBodies = sqliteTable("ems_inline_bodies", {
  id: integer().primaryKey(),
  /** The last message that was looked at; "~" after all of them. Delete the row to look again. */
  checked_until: text().notNull(),
});

/** Erasures that are running: see erasure/erase.ts. A row is deleted when nothing is left. */
export const erasures = sqliteTable(
  "ems_erasures",
  {
    company_id: integer().notNull(),
    /** Empty for the company's own rows. */
    account_id: text().notNull(),
    /** The grant still to be revoked at the provider. */
    grant_id: text(),
    started_at: integer().notNull(),
    /** When the next job is due. */
    due_at: integer().notNull(),
    /** The last event of the company's log that was searched. */
    events_until: integer().notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.company_id, t.account_id] }), index("ems_erasures_due").on(t.due_at)],
);
