import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

// Times are whole seconds since the epoch, UTC. Ids are lower-case UUIDv7. Counters are kept by the triggers
// in migrations/0001_triggers.sql, so that no statement can forget them.

export const companies = sqliteTable("companies", {
  /** Given by the issuer of the tokens; a company exists as soon as a token names it. */
  id: integer().primaryKey(),
  name: text().notNull(),
});

export const accounts = sqliteTable(
  "ems_accounts",
  {
    id: text().primaryKey(),
    company_id: integer().notNull(),
    email_address: text().notNull(),
    display_name: text(),
    provider: text().notNull(),
    /** Kept while disconnected by expiry (re-authentication revives it), null once revoked. */
    grant_id: text(),
    /** The provider's own word for its kind ("imap", "google"): IMAP replies are addressed by Message-ID. */
    grant_provider: text(),
    status: text({ enum: ["active", "syncing", "disconnected"] }).notNull(),
    /** Why it is disconnected, for people. */
    status_reason: text(),
    /** Time of the grant's notification that was applied last, in milliseconds: an older one changes nothing. */
    grant_observed_at: integer().notNull().default(0),
    last_sync_at: integer(),
    created_at: integer().notNull(),
    message_count: integer().notNull().default(0),
    thread_count: integer().notNull().default(0),
  },
  (t) => [
    uniqueIndex("ems_accounts_email").on(sql`lower(${t.email_address})`),
    uniqueIndex("ems_accounts_grant").on(t.grant_id),
    index("ems_accounts_company").on(t.company_id),
  ],
);

export const threads = sqliteTable(
  "ems_threads",
  {
    id: text().primaryKey(),
    company_id: integer().notNull(),
    account_id: text().notNull(),
    provider_thread_id: text(),
    /** The subject of the oldest message: by trigger, so that it does not depend on the order of arrival. */
    subject: text().notNull(),
    first_message_at: integer().notNull(),
    last_message_at: integer().notNull(),
    message_count: integer().notNull().default(0),
    do_not_delete: integer({ mode: "boolean" }).notNull().default(false),
    created_at: integer().notNull(),
  },
  (t) => [
    uniqueIndex("ems_threads_provider").on(t.account_id, t.provider_thread_id),
    index("ems_threads_company").on(t.company_id, t.last_message_at, t.id),
    index("ems_threads_account").on(t.account_id, t.last_message_at, t.id),
  ],
);

export const messages = sqliteTable(
  "ems_messages",
  {
    id: text().primaryKey(),
    company_id: integer().notNull(),
    account_id: text().notNull(),
    thread_id: text().notNull(),
    /** Unique within the account only: on IMAP it derives from the Message-ID that two mailboxes can share. */
    provider_message_id: text().notNull(),
    /** Leads later messages of the provider's thread to ours, also where the two are not one to one. */
    provider_thread_id: text(),
    internet_message_id: text(),
    from_address: text().notNull(),
    from_name: text(),
    /** JSON arrays of `{name, email}`; null while the provider has not told. */
    to_addresses: text().notNull(),
    cc_addresses: text(),
    bcc_addresses: text(),
    subject: text().notNull(),
    snippet: text(),
    direction: text({ enum: ["inbound", "outbound"] }).notNull(),
    has_attachments: integer({ mode: "boolean" }).notNull(),
    attachment_count: integer().notNull().default(0),
    /** By which rule it found its thread when it came: see messages/threading.ts. */
    threaded_by: text({ enum: ["reply", "provider", "references", "none"] })
      .notNull()
      .default("none"),
    /** What became of a mail that we sent: bounced, failed; null: nothing else is known. */
    delivery_state: text({ enum: ["sent", "bounced", "failed"] }),
    delivery_detail: text(),
    opened_count: integer().notNull().default(0),
    clicked_count: integer().notNull().default(0),
    /** Never changes once stored: inbox entries carry a copy. */
    sent_at: integer().notNull(),
    created_at: integer().notNull(),
    /** Time of the notification that this state comes from: an older one never overwrites it. */
    observed_at: integer().notNull(),
    /** What applied this state last: the event statement of the same batch finds out by it who won. */
    applied_by: text().notNull(),
    /** SHA-256 of the body as the provider gave it: tells a repetition from a change without reading it back. */
    body_digest: text(),
    /** R2 key of the body when it is too large for a row; then the two columns below are null. */
    body_key: text(),
    // The bodies stand last, so that reading the columns before them does not walk a body's overflow pages.
    body_text: text(),
    body_html: text(),
  },
  (t) => [
    uniqueIndex("ems_messages_provider").on(t.account_id, t.provider_message_id),
    index("ems_messages_company").on(t.company_id, t.sent_at, t.id),
    index("ems_messages_account").on(t.account_id, t.sent_at, t.id),
    index("ems_messages_thread").on(t.thread_id, t.sent_at, t.id),
    index("ems_messages_provider_thread").on(t.account_id, t.provider_thread_id),
    index("ems_messages_internet").on(t.account_id, t.internet_message_id),
  ],
);

/** Message-IDs that a message answers and that no message of its account has yet: it may still come. */
export const pendingReferences = sqliteTable(
  "ems_pending_references",
  {
    account_id: text().notNull(),
    internet_message_id: text().notNull(),
    /** The message that refers to it. */
    message_id: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.account_id, t.internet_message_id, t.message_id] })],
);

/** Messages that the provider has deleted: a late notification of an earlier state must not bring them back. */
export const tombstones = sqliteTable(
  "ems_tombstones",
  {
    account_id: text().notNull(),
    provider_message_id: text().notNull(),
    /** In milliseconds. */
    deleted_at: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.account_id, t.provider_message_id] })],
);

/** The flight recorder of the webhook: one row a notification, and what became of it. */
export const deliveries = sqliteTable(
  "ems_deliveries",
  {
    /** Nylas's id of the notification: a repetition has the same. */
    id: text().primaryKey(),
    type: text().notNull(),
    grant_id: text(),
    /** Null while no account has that grant. */
    account_id: text(),
    received_at: integer().notNull(),
    /** When Nylas says that it happened. */
    occurred_at: integer(),
    state: text({ enum: ["received", "applied", "ignored", "parked"] }).notNull(),
    /** How often it was tried without success. */
    attempts: integer().notNull().default(0),
    error: text(),
    finished_at: integer(),
    /** Where its raw bytes lie in R2, for 30 days. */
    key: text().notNull(),
  },
  (t) => [
    index("ems_deliveries_account").on(t.account_id, t.received_at, t.id),
    index("ems_deliveries_parked").on(t.received_at).where(sql`state = 'parked'`),
  ],
);

/** How far an account's history and its regular sweeps have come. */
export const syncs = sqliteTable(
  "ems_syncs",
  {
    account_id: text().primaryKey(),
    /** Names the backfill: steps of an earlier one find themselves outdated. */
    run: text().notNull(),
    state: text({ enum: ["running", "done", "failed"] }).notNull(),
    /** The provider's, of the next page; null before the first. */
    cursor: text(),
    fetched: integer().notNull().default(0),
    estimated_total: integer(),
    oldest_at: integer(),
    /** When the backfill last got on: one that stands still is started again from here by the sweep. */
    moved_at: integer().notNull(),
    /** Up to when sweeps have compared the mailbox, and when the last one ended. */
    swept_until: integer().notNull(),
    swept_at: integer(),
    repaired: integer().notNull().default(0),
    last_error: text(),
  },
  (t) => [index("ems_syncs_swept").on(t.swept_until)],
);

export const attachments = sqliteTable(
  "ems_attachments",
  {
    id: text().primaryKey(),
    company_id: integer().notNull(),
    account_id: text().notNull(),
    message_id: text().notNull(),
    provider_attachment_id: text().notNull(),
    filename: text().notNull(),
    content_type: text().notNull(),
    size_bytes: integer().notNull(),
    content_id: text(),
    is_inline: integer({ mode: "boolean" }).notNull(),
    /** When the bytes reached R2; null until then. */
    stored_at: integer(),
    created_at: integer().notNull(),
  },
  (t) => [uniqueIndex("ems_attachments_provider").on(t.message_id, t.provider_attachment_id)],
);

/** One user's state of one message. No row: unread, not starred, not archived. */
export const inboxEntries = sqliteTable(
  "ems_inbox_entries",
  {
    user_id: integer().notNull(),
    message_id: text().notNull(),
    company_id: integer().notNull(),
    account_id: text().notNull(),
    /** The message's, so that the indexes below can order by it. */
    sent_at: integer().notNull(),
    is_read: integer({ mode: "boolean" }).notNull().default(false),
    is_starred: integer({ mode: "boolean" }).notNull().default(false),
    is_archived: integer({ mode: "boolean" }).notNull().default(false),
    read_at: integer(),
  },
  (t) => [
    primaryKey({ columns: [t.message_id, t.user_id] }),
    index("ems_inbox_entries_shown")
      .on(t.user_id, t.account_id, t.sent_at, t.message_id)
      .where(sql`is_archived = 0`),
    index("ems_inbox_entries_unread")
      .on(t.user_id, t.account_id, t.sent_at, t.message_id)
      .where(sql`is_archived = 0 AND is_read = 0`),
    index("ems_inbox_entries_read")
      .on(t.user_id, t.account_id, t.sent_at, t.message_id)
      .where(sql`is_archived = 0 AND is_read = 1`),
    index("ems_inbox_entries_company_read")
      .on(t.user_id, t.company_id, t.sent_at, t.message_id)
      .where(sql`is_archived = 0 AND is_read = 1`),
  ],
);

/**
 * A stretch of an account, from one message down to another, in which a user has an entry row for every message.
 * There the few unread among many read are found by index; elsewhere absence must be looked for (see
 * inbox/settle.ts). A message that arrives late into a stretch splits it: by trigger.
 */
export const inboxStretches = sqliteTable(
  "ems_inbox_stretches",
  {
    user_id: integer().notNull(),
    account_id: text().notNull(),
    newest_at: integer().notNull(),
    newest_id: text().notNull(),
    oldest_at: integer().notNull(),
    oldest_id: text().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.user_id, t.account_id, t.newest_at, t.newest_id] }),
    index("ems_inbox_stretches_newest").on(t.account_id, t.newest_at),
    index("ems_inbox_stretches_oldest").on(t.account_id, t.oldest_at),
  ],
);

/** How many of an account's messages a user has read or archived: by trigger. The rest is unread. */
export const inboxCounters = sqliteTable(
  "ems_inbox_counters",
  {
    user_id: integer().notNull(),
    account_id: text().notNull(),
    /** Read and not archived. */
    read_count: integer().notNull().default(0),
    archived_count: integer().notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.user_id, t.account_id] })],
);

/** What happened, in the order of its commits. Written in the batch of the change that it tells of. */
export const events = sqliteTable(
  "ems_events",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    company_id: integer().notNull(),
    /** Only this user may see it; null: everyone in the company. */
    user_id: integer(),
    type: text().notNull(),
    thread_id: text(),
    message_id: text(),
    account_id: text(),
    /** What it was caused by: the same cause, delivered again, adds no second event. */
    cause: text().notNull(),
    created_at: integer().notNull(),
  },
  (t) => [uniqueIndex("ems_events_cause").on(t.cause), index("ems_events_company").on(t.company_id, t.id)],
);
