import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Sign-ins of mailbox owners under way at a mail provider. */
export const signIns = sqliteTable("ems_sign_ins", {
  /** SHA-256 of the state, so a leaked table completes no sign-in. */
  digest: text().primaryKey(),
  /** JSON: see `SignIn` in accounts/connect.ts. */
  request: text().notNull(),
  is_used: integer({ mode: "boolean" }).notNull().default(false),
  /** Kept for an hour longer, so that a late browser can be sent back. */
  expires_at: integer().notNull(),
});
