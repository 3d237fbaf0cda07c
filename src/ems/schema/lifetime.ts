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

/** The company that is being moved to its Durable Object, if any: see store/move.ts. */
export const moves = sqliteTable("ems_moves", {
  /** Always 1, so that only one company is moved at a time. */
  id: integer().primaryKey(),
  company_id: integer().notNull(),
  started_at: integer().notNull(),
});

/** Rows that changed during a move, in order. Written by triggers that exist only then. */
export const changedRows = sqliteTable("ems_changed_rows", {
  seq: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  /** JSON array of the values of the primary key. */
  key: text().notNull(),
});
