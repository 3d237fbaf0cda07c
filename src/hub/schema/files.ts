import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Files in R2. Times are in milliseconds since the epoch. */
export const files = sqliteTable(
  "hub_files",
  {
    /** 128 random bits in hex. The object in R2 is `hub/<key>`. */
    key: text().primaryKey(),
    owner_id: integer().notNull(),
    /** profile, post, story, room or chat. */
    kind: text().notNull(),
    /** By its bytes, never by its name. */
    content_type: text().notNull(),
    size: integer().notNull(),
    /** False until a row refers to it; such files go after a day. */
    is_used: integer({ mode: "boolean" }).notNull().default(false),
    created_at: integer().notNull(),
    /** Set once nothing refers to it any more: it is not served, and its object goes by a job. */
    deleted_at: integer(),
  },
  (t) => [
    index("hub_files_owner").on(t.owner_id),
    index("hub_files_unused").on(t.created_at).where(sql`is_used = 0`),
    index("hub_files_deleted").on(t.deleted_at).where(sql`deleted_at IS NOT NULL`),
  ],
);
