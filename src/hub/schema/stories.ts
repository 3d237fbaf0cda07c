import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

// Times are in milliseconds since the epoch.

/** Stories: others see one for 24 hours, then it is in its owner's archive. */
export const stories = sqliteTable(
  "hub_stories",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    owner_id: integer().notNull(),
    /** The key of a file in hub_files. */
    media: text().notNull(),
    caption: text().notNull().default(""),
    audience: text({ enum: ["public", "contact", "marked"] }).notNull(),
    created_at: integer().notNull(),
    updated_at: integer().notNull(),
  },
  (t) => [
    index("hub_stories_owner").on(t.owner_id, t.created_at),
    // Serving a file asks for its story.
    index("hub_stories_media").on(t.media),
  ],
);

/** Whom a story is for, or names. */
export const markedUsers = sqliteTable(
  "hub_story_marked",
  {
    story_id: integer().notNull(),
    user_id: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.story_id, t.user_id] }), index("hub_story_marked_user").on(t.user_id)],
);

export const reactions = sqliteTable(
  "hub_story_reactions",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    story_id: integer().notNull(),
    user_id: integer().notNull(),
    reaction: text().notNull(),
    reacted_at: integer().notNull(),
  },
  (t) => [
    uniqueIndex("hub_story_reactions_once").on(t.story_id, t.user_id),
    index("hub_story_reactions_story").on(t.story_id, t.id),
    index("hub_story_reactions_user").on(t.user_id),
  ],
);

export const storyViews = sqliteTable(
  "hub_story_views",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    story_id: integer().notNull(),
    viewer_id: integer().notNull(),
    viewed_at: integer().notNull(),
  },
  (t) => [
    uniqueIndex("hub_story_views_once").on(t.story_id, t.viewer_id),
    index("hub_story_views_story").on(t.story_id, t.id),
    index("hub_story_views_viewer").on(t.viewer_id),
  ],
);

/** Comments of the open guest book: nobody's. */
export const comments = sqliteTable("hub_comments", {
  id: integer().primaryKey({ autoIncrement: true }),
  content: text().notNull(),
  created_at: integer().notNull(),
});
