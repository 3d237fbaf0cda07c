import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * Objects of R2 that no row refers to, or not yet, and when they are to be deleted: see overflow.ts. Triggers (in
 * migrations/0013_lifetime.sql) take a key out when a row refers to it, and put it in when that row lets go of it.
 */
export const garbage = sqliteTable(
  "ems_garbage",
  {
    key: text().primaryKey(),
    due_at: integer().notNull(),
  },
  (t) => [index("ems_garbage_due").on(t.due_at)],
);

/** Accounts and companies whose mail is being erased: see erasure.ts. A row goes when nothing is left. */
export const erasures = sqliteTable(
  "ems_erasures",
  {
    company_id: integer().notNull(),
    /** Empty for what is the company's own. */
    account_id: text().notNull(),
    /** What is still to be revoked at the provider. */
    grant_id: text(),
    started_at: integer().notNull(),
    /** When a job has to look at it again. */
    due_at: integer().notNull(),
    /** Up to which event the company's log has been searched for events of the account. */
    events_until: integer().notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.company_id, t.account_id] }), index("ems_erasures_due").on(t.due_at)],
);
