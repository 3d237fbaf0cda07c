import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

// Times are in milliseconds since the epoch.

/** People. A row is there once the e-mail is verified, and until the account is deleted. */
export const users = sqliteTable(
  "hub_users",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    /** As given. Compared in lower case. */
    email: text().notNull(),
    /** A PHC string of argon2id. Null for somebody who signs in by Google alone. */
    password: text(),
    /** The subject of Google's tokens. */
    google_sub: text(),
    /** Null until it is chosen. Compared in lower case. */
    username: text(),
    first_name: text().notNull().default(""),
    last_name: text().notNull().default(""),
    bio: text().notNull().default(""),
    phone: text(),
    /** The key of a file in hub_files. */
    picture: text(),
    is_private: integer({ mode: "boolean" }).notNull().default(false),
    is_staff: integer({ mode: "boolean" }).notNull().default(false),
    /** The language of mails: uz, ru or en. */
    language: text().notNull().default("uz"),
    date_joined: integer().notNull(),
    last_login: integer(),
    last_online: integer(),
    /** Set once its deletion has begun: then nobody sees it any more. */
    deleted_at: integer(),
  },
  (t) => [
    uniqueIndex("hub_users_email").on(sql`lower(email)`),
    uniqueIndex("hub_users_google").on(t.google_sub).where(sql`google_sub IS NOT NULL`),
    uniqueIndex("hub_users_username").on(sql`lower(username)`).where(sql`username IS NOT NULL`),
    index("hub_users_deleted").on(t.deleted_at).where(sql`deleted_at IS NOT NULL`),
  ],
);

/** Prefixes of names for the search: words of username, first and last name, folded to plain Latin letters. */
export const words = sqliteTable(
  "hub_words",
  {
    word: text().notNull(),
    user_id: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.word, t.user_id] }), index("hub_words_user").on(t.user_id)],
);

/** Who has blocked whom. */
export const blocks = sqliteTable(
  "hub_blocks",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    user_id: integer().notNull(),
    blocked_id: integer().notNull(),
    created_at: integer().notNull(),
  },
  (t) => [
    uniqueIndex("hub_blocks_pair").on(t.user_id, t.blocked_id),
    index("hub_blocks_blocked").on(t.blocked_id, t.user_id),
  ],
);

/** Whom somebody has as contact. */
export const contacts = sqliteTable(
  "hub_contacts",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    owner_id: integer().notNull(),
    contact_id: integer().notNull(),
    nickname: text().notNull().default(""),
    created_at: integer().notNull(),
    updated_at: integer().notNull(),
  },
  (t) => [
    uniqueIndex("hub_contacts_pair").on(t.owner_id, t.contact_id),
    index("hub_contacts_contact").on(t.contact_id, t.owner_id),
  ],
);

/** What somebody is doing: one each. */
export const statuses = sqliteTable("hub_statuses", {
  id: integer().primaryKey({ autoIncrement: true }),
  user_id: integer().notNull().unique(),
  content: text().notNull(),
  created_at: integer().notNull(),
  updated_at: integer().notNull(),
});

/** Where somebody is: one each. */
export const locations = sqliteTable(
  "hub_locations",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    user_id: integer().notNull().unique(),
    /** In decimal degrees, as text with up to six decimals. */
    lat: text().notNull(),
    long: text().notNull(),
    /** The cells of 0.01 and 0.1 degrees that it is in: see geo/cells.ts. */
    cell: integer().notNull(),
    wide_cell: integer().notNull(),
    country: text(),
    city: text(),
    county: text(),
    neighbourhood: text(),
    /** When cron asks the geocoder again. Null once it has answered, and without a geocoder. */
    address_due_at: integer(),
    created_at: integer().notNull(),
    updated_at: integer().notNull(),
  },
  (t) => [
    index("hub_locations_cell").on(t.cell, t.user_id),
    index("hub_locations_wide_cell").on(t.wide_cell, t.user_id),
    index("hub_locations_due").on(t.address_due_at).where(sql`address_due_at IS NOT NULL`),
  ],
);

/** Addresses that the geocoder has given, by position rounded to 0.001 degrees. */
export const addresses = sqliteTable(
  "hub_addresses",
  {
    position: text().primaryKey(),
    /** JSON: country, city, county, neighbourhood. */
    address: text().notNull(),
    expires_at: integer().notNull(),
  },
  (t) => [index("hub_addresses_expired").on(t.expires_at)],
);
