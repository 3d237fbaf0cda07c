import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

// Times are in milliseconds since the epoch. Of codes, links and tokens only keyed digests are stored.

/** Sign-ups whose e-mail is not verified yet. */
export const signups = sqliteTable(
  "hub_signups",
  {
    /** In lower case. */
    email_key: text().primaryKey(),
    email: text().notNull(),
    /** A PHC string. Null once somebody has signed in by Google with this e-mail. */
    password: text(),
    language: text().notNull(),
    code_digest: text().notNull(),
    /** Wrong guesses of this code. */
    guesses: integer().notNull().default(0),
    /** Digest of the cookie that the sign-up has set. */
    cookie_digest: text().notNull(),
    /** Where the sign-up came from: an IPv4 address, or the /64 of an IPv6 address. */
    address: text().notNull(),
    expires_at: integer().notNull(),
    created_at: integer().notNull(),
  },
  (t) => [
    index("hub_signups_cookie").on(t.cookie_digest),
    // The codes of one address differ: some clients send a code and nothing else.
    uniqueIndex("hub_signups_address").on(t.address, t.code_digest),
    index("hub_signups_expired").on(t.expires_at),
  ],
);

/** Codes for what somebody who is signed in wants to do. */
export const codes = sqliteTable(
  "hub_codes",
  {
    user_id: integer().notNull(),
    /** email (change of e-mail) or delete. */
    kind: text().notNull(),
    code_digest: text().notNull(),
    guesses: integer().notNull().default(0),
    /** The new e-mail of a change. */
    email: text(),
    expires_at: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.user_id, t.kind] }), index("hub_codes_expired").on(t.expires_at)],
);

/** Links to set a new password: each works once. */
export const resets = sqliteTable(
  "hub_resets",
  {
    link_digest: text().primaryKey(),
    user_id: integer().notNull(),
    expires_at: integer().notNull(),
  },
  (t) => [index("hub_resets_user").on(t.user_id), index("hub_resets_expired").on(t.expires_at)],
);

/** Sign-ins that last: a session ends when its row goes. WITHOUT ROWID in its migration, so a new one is two rows. */
export const sessions = sqliteTable(
  "hub_sessions",
  {
    user_id: integer().notNull(),
    id: text().notNull(),
    /** Counts the refreshes. The token of `generation` is the valid one; the one before it is good for a moment more. */
    generation: integer().notNull().default(0),
    refreshed_at: integer().notNull(),
    created_at: integer().notNull(),
    expires_at: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.user_id, t.id] }), index("hub_sessions_expired").on(t.expires_at)],
);

/**
 * Sign-ins tried in a window of time. Apart from hub_limits, and WITHOUT ROWID in its migration, so that one costs one
 * row written: windows end at fixed times, and the key begins with that time.
 */
export const attempts = sqliteTable(
  "hub_attempts",
  {
    ends_at: integer().notNull(),
    /** E-mail, address, and the time of the last sign-in: after a success another one counts. */
    key: text().notNull(),
    count: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.ends_at, t.key] })],
);

/** How often something was done in a window of time: see limits.ts. */
export const limits = sqliteTable(
  "hub_limits",
  {
    key: text().primaryKey(),
    count: integer().notNull(),
    ends_at: integer().notNull(),
  },
  (t) => [index("hub_limits_ended").on(t.ends_at)],
);

/** Mails to send: see mail/outbox.ts. */
export const mails = sqliteTable(
  "hub_mails",
  {
    id: text().primaryKey(),
    /** Null once it is sent: JSON of address, kind, language and values, sealed with a key of the module. */
    sealed: text(),
    attempts: integer().notNull().default(0),
    due_at: integer(),
    created_at: integer().notNull(),
  },
  (t) => [
    index("hub_mails_due").on(t.due_at).where(sql`due_at IS NOT NULL`),
    index("hub_mails_created").on(t.created_at),
  ],
);
