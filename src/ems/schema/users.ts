import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * The users that a company has seen with a name in their token: see names.ts. Kept until the company is erased, since
 * they are the names of those who wrote its mails. WITHOUT ROWID in its migration, so it costs one row written.
 */
export const users = sqliteTable(
  "ems_users",
  {
    company_id: integer().notNull(),
    user_id: integer().notNull(),
    name: text().notNull(),
    /** To the day: see names.ts. */
    seen_at: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.company_id, t.user_id] })],
);
