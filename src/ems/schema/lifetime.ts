import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * R2 objects without a row, and when to delete them: see garbage.ts. Triggers in migrations/ems/0013_lifetime.sql
 * remove a key when a row starts to refer to it, and add it when the row stops.
 */
export const garbage = sqliteTable(
  "ems_garbage",
  {
    key: text().primaryKey(),
    due_at: integer().notNull(),
  },
  (t) => [index("ems_garbage_due").on(t.due_at)],
);

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
