import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** Events, in commit order. Written in the batch of the change they report. */
export const events = sqliteTable(
  "ems_events",
  {
    /** Never used twice, without AUTOINCREMENT, which costs a row: a trigger keeps the highest id. */
    id: integer().primaryKey(),
    /** Null in a row that only keeps the highest id, after its event was deleted. */
    company_id: integer(),
    /** Only this user may see it; null for everyone in the company. */
    user_id: integer(),
    type: text().notNull(),
    thread_id: text(),
    message_id: text(),
    account_id: text(),
    /** Identifies a cause that may be delivered twice: it then adds one event. Otherwise null. */
    cause: text(),
    created_at: integer().notNull(),
  },
  (t) => [
    uniqueIndex("ems_events_cause").on(t.cause).where(sql`cause IS NOT NULL`),
    // A company's log is in one part per audience. A reconnecting stream reads the shared part and its user's own. It
    // skips the parts of colleagues.
    index("ems_events_audience").on(t.company_id, t.user_id, t.id),
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
