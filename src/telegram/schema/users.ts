import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

// Times are in milliseconds since the epoch.

/** Who may use Telegram auto-mailing. An operator writes them. */
export const users = sqliteTable(
  "telegram_users",
  {
    /** The Telegram id. */
    id: integer().primaryKey(),
    /** In digits, with its country. */
    phone: integer().notNull(),
    first_name: text().notNull(),
    /** 0 Russian, 1 Uzbek in Latin, 2 Uzbek in Cyrillic letters. */
    lang: integer().notNull(),
    /** The last day of each subscription, as YYYY-MM-DD. */
    sender_ends_at: text(),
    finder_ends_at: text(),
    /** When the running mailing ends. Null while none runs. Cron wakes those whose alarm is gone. */
    active_until: integer(),
    /** When its erasure was last tried: then nobody sees it any more. */
    deleted_at: integer(),
    created_at: integer().notNull(),
  },
  (t) => [
    index("telegram_users_active").on(t.active_until).where(sql`active_until IS NOT NULL`),
    index("telegram_users_deleted").on(t.deleted_at).where(sql`deleted_at IS NOT NULL`),
  ],
);

/** Groups that no mailing posts to: somebody who runs one asked for it. */
export const blockedGroups = sqliteTable("telegram_blocked_groups", {
  /** As in the Bot API: `-id` of a basic group, `-1000000000000 - id` of a supergroup. */
  peer: integer().primaryKey(),
  /** Why, and who asked. */
  note: text().notNull(),
  created_at: integer().notNull(),
});
