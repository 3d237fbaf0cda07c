import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

// Times are in milliseconds since the epoch. Counters are kept by triggers: see migrations/hub.

export const posts = sqliteTable(
  "hub_posts",
  {
    /** UUIDv7: its order is that of creation. */
    id: text().primaryKey(),
    owner_id: integer().notNull(),
    content: text().notNull().default(""),
    is_active: integer({ mode: "boolean" }).notNull().default(true),
    is_edited: integer({ mode: "boolean" }).notNull().default(false),
    like_count: integer().notNull().default(0),
    comment_count: integer().notNull().default(0),
    view_count: integer().notNull().default(0),
    created_at: integer().notNull(),
    updated_at: integer(),
  },
  (t) => [
    index("hub_posts_owner").on(t.owner_id, t.id),
    index("hub_posts_active").on(t.id).where(sql`is_active = 1`),
  ],
);

export const postImages = sqliteTable(
  "hub_post_images",
  {
    id: text().primaryKey(),
    post_id: text().notNull(),
    position: integer().notNull(),
    /** The key of a file in hub_files. */
    file: text().notNull(),
    created_at: integer().notNull(),
  },
  (t) => [uniqueIndex("hub_post_images_post").on(t.post_id, t.position)],
);

export const likes = sqliteTable(
  "hub_likes",
  {
    id: text().primaryKey(),
    post_id: text().notNull(),
    owner_id: integer().notNull(),
    created_at: integer().notNull(),
  },
  (t) => [
    uniqueIndex("hub_likes_once").on(t.owner_id, t.post_id),
    index("hub_likes_post").on(t.post_id, t.id),
  ],
);

export const postComments = sqliteTable(
  "hub_post_comments",
  {
    id: text().primaryKey(),
    post_id: text().notNull(),
    owner_id: integer().notNull(),
    comment: text().notNull(),
    reply_to: text(),
    is_edited: integer({ mode: "boolean" }).notNull().default(false),
    created_at: integer().notNull(),
    updated_at: integer(),
  },
  (t) => [
    index("hub_post_comments_post").on(t.post_id, t.id),
    index("hub_post_comments_owner").on(t.owner_id),
    index("hub_post_comments_reply").on(t.reply_to).where(sql`reply_to IS NOT NULL`),
  ],
);

export const postViews = sqliteTable(
  "hub_post_views",
  {
    id: text().primaryKey(),
    post_id: text().notNull(),
    owner_id: integer().notNull(),
    created_at: integer().notNull(),
  },
  (t) => [
    uniqueIndex("hub_post_views_once").on(t.owner_id, t.post_id),
    index("hub_post_views_post").on(t.post_id, t.id),
  ],
);

/** How many posts are active: one row. Kept by triggers. */
export const postTotals = sqliteTable("hub_post_totals", {
  id: integer().primaryKey(),
  active: integer().notNull(),
});

/** Posts that are gone, and whose likes, comments and views are still being removed. Written by a trigger. */
export const deletedPosts = sqliteTable("hub_deleted_posts", {
  post_id: text().primaryKey(),
});
