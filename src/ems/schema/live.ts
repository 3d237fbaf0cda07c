import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** What happened, in the order of its commits. Written in the batch of the change that it tells of. */
export const events = sqliteTable(
  "ems_events",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    company_id: integer().notNull(),
    /** Only this user may see it; null: everyone in the company. */
    user_id: integer(),
    type: text().notNull(),
    thread_id: text(),
    message_id: text(),
    account_id: text(),
    /** What it was caused by: the same cause, delivered again, adds no second event. */
    cause: text().notNull(),
    created_at: integer().notNull(),
  },
  (t) => [
    uniqueIndex("ems_events_cause").on(t.cause),
    // Each event is in one of the first two, which make up a company's log. Who comes back reads the shared and their
    // own, and so past neither what colleagues did for themselves, nor what others' companies did.
    index("ems_events_shared").on(t.company_id, t.id).where(sql`user_id IS NULL`),
    index("ems_events_private").on(t.company_id, t.id).where(sql`user_id IS NOT NULL`),
    index("ems_events_own").on(t.user_id, t.company_id, t.id).where(sql`user_id IS NOT NULL`),
  ],
);

/** What opens one stream, once, in place of a token. */
export const streamTickets = sqliteTable("ems_stream_tickets", {
  /** SHA-256 of the ticket: the table itself opens nothing. */
  digest: text().primaryKey(),
  /** JSON of the claims of the token that it was issued for. */
  claims: text().notNull(),
  expires_at: integer().notNull(),
});
