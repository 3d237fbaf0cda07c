import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

// Rooms and who is in them. Messages are in each room's Durable Object: see chat/room. Times are in milliseconds since
// the epoch. Triggers keep `member_count`, and raise `version` when a member goes: see migrations/hub.

export const rooms = sqliteTable(
  "hub_rooms",
  {
    /** A UUID. The room's Durable Object has it as name. */
    id: text().primaryKey(),
    /** 40 random bits: part of the ids of its messages, so that a message's id leads to its room. */
    key: integer().notNull(),
    room_type: text({ enum: ["private", "group"] }).notNull(),
    name: text(),
    /** In lower case. */
    username: text(),
    description: text(),
    /** The key of a file in hub_files. */
    picture: text(),
    /** Of a private room: both ids, the lower one first, as `1:2`. Null for a group. */
    pair: text(),
    member_count: integer().notNull().default(0),
    /** Grows when somebody may hear less: a member went, a block, the end of a session. The room's Object asks for it. */
    version: integer().notNull().default(0),
    // What the room's Object reports, at most once in 10 seconds.
    /** The position of its last message or change. */
    last_seq: integer().notNull().default(0),
    /** How many messages were ever sent: the number of the last one. */
    last_number: integer().notNull().default(0),
    /** Messages up to this number were cleared. */
    cleared_number: integer().notNull().default(0),
    /** JSON of the newest message: see `LastMessage` of chat/room/contract.ts. */
    last_message: text(),
    /** When it was created, or its last message was sent. */
    active_at: integer().notNull(),
    created_at: integer().notNull(),
    /** Set once it is being deleted: nobody sees it any more. */
    deleted_at: integer(),
  },
  (t) => [
    uniqueIndex("hub_rooms_key").on(t.key),
    uniqueIndex("hub_rooms_username").on(t.username).where(sql`username IS NOT NULL`),
    uniqueIndex("hub_rooms_pair").on(t.pair).where(sql`pair IS NOT NULL`),
    index("hub_rooms_deleted").on(t.deleted_at).where(sql`deleted_at IS NOT NULL`),
  ],
);

/** Members, with what they have read. */
export const members = sqliteTable(
  "hub_room_members",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    room_id: text().notNull(),
    user_id: integer().notNull(),
    /** 0 owner, 1 admin, 2 member: the order of the list of members. Both of a private room are members. */
    rank: integer().notNull(),
    /** The number of the last message that they have read. The room's Object reports it. */
    read_number: integer().notNull().default(0),
    joined_at: integer().notNull(),
  },
  (t) => [
    uniqueIndex("hub_room_members_once").on(t.room_id, t.user_id),
    index("hub_room_members_user").on(t.user_id, t.room_id),
    index("hub_room_members_rank").on(t.room_id, t.rank, t.id),
  ],
);

/** Who was removed from a group: they cannot join by themselves. WITHOUT ROWID in its migration. */
export const removals = sqliteTable(
  "hub_room_removals",
  { room_id: text().notNull(), user_id: integer().notNull() },
  (t) => [primaryKey({ columns: [t.room_id, t.user_id] }), index("hub_room_removals_user").on(t.user_id)],
);

/** The numbers of deleted messages, for unread counts. WITHOUT ROWID in its migration. */
export const deletions = sqliteTable(
  "hub_room_deletions",
  { room_id: text().notNull(), number: integer().notNull() },
  (t) => [primaryKey({ columns: [t.room_id, t.number] })],
);

/** Who has, or lately had, sockets in a room: whom the end of a session concerns. WITHOUT ROWID in its migration. */
export const listeners = sqliteTable(
  "hub_room_listeners",
  { user_id: integer().notNull(), room_id: text().notNull() },
  (t) => [primaryKey({ columns: [t.user_id, t.room_id] }), index("hub_room_listeners_room").on(t.room_id)],
);

/** Tickets to open one socket each. */
export const tickets = sqliteTable(
  "hub_chat_tickets",
  {
    /** A keyed digest: the ticket itself is not stored. */
    digest: text().primaryKey(),
    user_id: integer().notNull(),
    session_id: text().notNull(),
    expires_at: integer().notNull(),
  },
  (t) => [index("hub_chat_tickets_expired").on(t.expires_at)],
);

/** Files for messages. The bytes are in hub_files. */
export const chatFiles = sqliteTable(
  "hub_chat_files",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    owner_id: integer().notNull(),
    /** A keyed digest of owner and content: the same for the same file of one owner, and of no use to others. */
    unique_id: text().notNull(),
    /** The key of a file in hub_files. */
    file: text().notNull(),
    file_type: text({ enum: ["image", "video", "voice", "document", "other"] }).notNull(),
    /** In bytes. */
    file_size: integer().notNull(),
    /** Until a message has it. Such files go after a day. */
    is_temporary: integer({ mode: "boolean" }).notNull().default(true),
    uploaded_at: integer().notNull(),
  },
  (t) => [
    uniqueIndex("hub_chat_files_once").on(t.owner_id, t.unique_id),
    index("hub_chat_files_owner").on(t.owner_id, t.id),
    index("hub_chat_files_temporary").on(t.uploaded_at).where(sql`is_temporary = 1`),
    uniqueIndex("hub_chat_files_file").on(t.file),
  ],
);
