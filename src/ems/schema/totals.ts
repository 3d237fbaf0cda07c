import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

// Both tables are WITHOUT ROWID in their migration, so a row costs one row written.

/**
 * Counts for `GET /metrics`, kept by triggers (migrations/ems/0025_total_triggers.sql): `accounts_{status}`,
 * `notifications_{state}` of those not applied, `outbox_{state}`, and `repaired`. With STORE=objects each company's
 * object has its own, and those of D1 include what the objects have reported.
 */
export const totals = sqliteTable("ems_totals", {
  name: text().primaryKey(),
  value: integer().notNull(),
});

/**
 * What each company's object last reported: see store/totals.ts. Names up to `since` are counts, which triggers add to
 * ems_totals. Those after it are looked up by their smallest or largest value.
 */
export const reports = sqliteTable(
  "ems_reports",
  {
    company_id: integer().notNull(),
    name: text().notNull(),
    value: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.company_id, t.name] }),
    index("ems_reports_extreme").on(t.name, t.value).where(sql`name > 'since'`),
  ],
);
