import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** Events, in commit order. Written in the batch of the change they report. */
export const events = sqliteTable(
  "ems_events",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    company_id: integer().notNull(),
    /** Only this user may see it; null for everyone in the company. */
    user_id: integer(),
    type: text().notNull(),
    thread_id: text(),
    message_id: text(),
    account_id: text(),
    /** Identifies the cause. A cause delivered twice adds one event. */
    cause: text().notNull(),
    created_at: integer().notNull(),
  },
  (t) => [
    uniqueIndex("ems_events_cause").on(t.cause),
    // Each event is in one of the first two indexes, which together are a company's log. A reconnecting stream
    // reads shared events and the user's own. It skips those of colleagues and of other companies.
    index("ems_events_shared").on(t.company_id, t.id).where(sql`user_id IS NULL`),
    index("ems_events_private").on(t.company_id, t.id).where(sql`user_id IS NOT NULL`),
    index("ems_events_own").on(t.user_id, t.company_id, t.id).where(sql`user_id IS NOT NULL`),
  ],
);

/** One-time tickets that open a stream in place of a token. */
export const streamTickets = sqliteTable("ems_stream_tickets", {
  /** SHA-256 of the ticket, so a leaked table opens no stream. */
  digest: text().primaryKey(),
  /** JSON of the claims of the token it was issued for. */
  claims: text().notNull(),
  expires_at: integer().notNull(),
});
