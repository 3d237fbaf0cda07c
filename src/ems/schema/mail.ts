import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

// Times are whole seconds since the epoch, UTC. Ids are lower-case UUIDv7. Counters are kept by the triggers
// in migrations/0001_triggers.sql and 0018_folder_triggers.sql, so that no statement can forget them.

const FOLDERS = ["inbox", "sent", "drafts", "junk", "trash", "archive"] as const;

const IS_HIDDEN = sql`folder IN ('junk', 'trash', 'drafts')`;

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
    /** By its own people, and not by an expiry: only they bring it back, and nothing is taken in meanwhile. */
    disconnected_by_user: integer({ mode: "boolean" }).notNull().default(false),
    /** Time of the grant's notification that was applied last, in milliseconds: an older one changes nothing. */
    grant_observed_at: integer().notNull().default(0),
    /** When a grant first proved that the company has this address; null: it has only said so, which binds nobody. */
    proven_at: integer(),
    last_sync_at: integer(),
    created_at: integer().notNull(),
    /** Those that lists show. What lies in junk, trash and drafts is hidden, and counted below. */
    message_count: integer().notNull().default(0),
    thread_count: integer().notNull().default(0),
    hidden_message_count: integer().notNull().default(0),
    /** Threads of which no message is shown. */
    hidden_thread_count: integer().notNull().default(0),
    /** When the provider last failed to list the mailbox's folders; null when it has since. */
    folders_failed_at: integer(),
    draft_count: integer().notNull().default(0),
  },
  (t) => [
    uniqueIndex("ems_accounts_proven").on(sql`lower(${t.email_address})`).where(sql`proven_at IS NOT NULL`),
    uniqueIndex("ems_accounts_company_email").on(t.company_id, sql`lower(${t.email_address})`),
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
    /** Of the messages that are shown; of a hidden thread, of all. */
    last_message_at: integer().notNull(),
    /** Of the messages that are shown. */
    message_count: integer().notNull().default(0),
    hidden_count: integer().notNull().default(0),
    hidden: integer().generatedAlwaysAs(sql`message_count = 0`, { mode: "virtual" }),
    do_not_delete: integer({ mode: "boolean" }).notNull().default(false),
    created_at: integer().notNull(),
    /** Counts what was written in it: a message that came, and a reply that claimed to be the next. By trigger. */
    version: integer().notNull().default(0),
    /** Set for as long as a statement takes, to have a trigger make it part of another: see ingest/threading.ts. */
    merged_into: text(),
  },
  (t) => [
    uniqueIndex("ems_threads_provider").on(t.account_id, t.provider_thread_id),
    index("ems_threads_company").on(t.company_id, t.hidden, t.last_message_at, t.id),
    index("ems_threads_account").on(t.account_id, t.hidden, t.last_message_at, t.id),
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
    /** JSON arrays of `{name, email}`; null while the provider has not told, of the last also when there is none. */
    to_addresses: text().notNull(),
    cc_addresses: text(),
    bcc_addresses: text(),
    subject: text().notNull(),
    snippet: text(),
    direction: text({ enum: ["inbound", "outbound"] }).notNull(),
    has_attachments: integer({ mode: "boolean" }).notNull(),
    attachment_count: integer().notNull().default(0),
    /** By which rule it found its thread when it came: see ingest/threading.ts. */
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
    /** R2 key of the body, this row's alone, when it is too large for a row; then the two columns below are null. */
    body_key: text(),
    // The bodies stand last, so that reading the columns before them does not walk a body's overflow pages.
    body_text: text(),
    body_html: text(),
    /** The version of its thread that it made: whoever has seen an earlier one has not seen it. */
    thread_version: integer().notNull().default(0),
    reply_to_addresses: text(),
    /** The Message-ID as its sender wrote it, where that is not how ids are compared: what an answer names. */
    message_id_written: text(),
    /** Times of the notifications that body and files come from, in milliseconds: others may tell without them. */
    body_observed_at: integer(),
    files_observed_at: integer(),
    folder: text({ enum: FOLDERS }).notNull().default("inbox"),
    /** In no list, inbox or count, unless its folder is asked for. */
    hidden: integer().generatedAlwaysAs(IS_HIDDEN, { mode: "virtual" }),
  },
  (t) => [
    uniqueIndex("ems_messages_provider").on(t.account_id, t.provider_message_id),
    index("ems_messages_company").on(t.company_id, t.hidden, t.sent_at, t.id),
    index("ems_messages_account").on(t.account_id, t.hidden, t.sent_at, t.id),
    index("ems_messages_folder").on(t.account_id, t.folder, t.sent_at, t.id),
    index("ems_messages_thread").on(t.thread_id, t.hidden, t.sent_at, t.id),
    // The thread makes it possible to step over a long one: see ingest/threading.ts.
    index("ems_messages_provider_thread").on(t.account_id, t.provider_thread_id, t.thread_id),
    index("ems_messages_internet").on(t.account_id, t.internet_message_id),
  ],
);

/**
 * Message-IDs that a message answers and that no message of its account has yet: it may still come. The rows go with
 * that message. The table is WITHOUT ROWID.
 */
export const pendingReferences = sqliteTable(
  "ems_pending_references",
  {
    account_id: text().notNull(),
    internet_message_id: text().notNull(),
    /** The message that refers to it. */
    message_id: text().notNull(),
    /** Of that message: see lib/subject.ts. Null for one that came before this was kept. */
    base_subject: text(),
    /** Whether another mail that it refers to is there: then this one joins no threads when it comes. */
    has_ancestor: integer({ mode: "boolean" }).notNull().default(false),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.internet_message_id, t.message_id] }),
    index("ems_pending_references_message").on(t.message_id),
  ],
);

/** How many messages and threads of an account have something in a folder: by trigger. */
export const folderCounters = sqliteTable(
  "ems_folder_counters",
  {
    account_id: text().notNull(),
    folder: text().notNull(),
    message_count: integer().notNull().default(0),
    thread_count: integer().notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.account_id, t.folder] })],
);

/** What a thread has in a folder, for the list of a folder's threads: by trigger. */
export const threadFolders = sqliteTable(
  "ems_thread_folders",
  {
    thread_id: text().notNull(),
    folder: text().notNull(),
    /** The thread's. */
    account_id: text().notNull(),
    message_count: integer().notNull(),
    last_message_at: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.thread_id, t.folder] }),
    index("ems_thread_folders_account").on(t.account_id, t.folder, t.last_message_at, t.thread_id),
  ],
);

/** Which of our folders each folder of a mailbox is; an id that the provider does not list is one of its own. */
export const folders = sqliteTable(
  "ems_folders",
  {
    account_id: text().notNull(),
    provider_folder_id: text().notNull(),
    /** Null for what is no place, such as the folder of starred mail. */
    folder: text({ enum: FOLDERS }),
  },
  (t) => [primaryKey({ columns: [t.account_id, t.provider_folder_id] })],
);

/** Other addresses that a mailbox sends from: senders of mail that lay in its sent folder. A few at most. */
export const aliases = sqliteTable(
  "ems_aliases",
  {
    account_id: text().notNull(),
    /** In lower case. */
    email_address: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.account_id, t.email_address] })],
);

/**
 * Messages that were deleted not long ago, with what users had done to them: some providers tell of a move to another
 * folder as a deletion and a creation.
 */
export const departures = sqliteTable(
  "ems_departures",
  {
    message_id: text().primaryKey(),
    account_id: text().notNull(),
    internet_message_id: text().notNull(),
    from_address: text().notNull(),
    subject: text().notNull(),
    sent_at: integer().notNull(),
    thread_id: text().notNull(),
    created_at: integer().notNull(),
    /** JSON: `[{user_id, is_read, is_starred, is_archived, read_at}, …]`. */
    entries: text().notNull(),
    departed_at: integer().notNull(),
  },
  (t) => [index("ems_departures_internet").on(t.account_id, t.internet_message_id)],
);

/** Messages that the provider has deleted: a late notification of an earlier state must not bring them back. */
export const tombstones = sqliteTable(
  "ems_tombstones",
  {
    account_id: text().notNull(),
    provider_message_id: text().notNull(),
    /** In milliseconds. */
    deleted_at: integer().notNull(),
    /** By which answers to it still find what is left of its thread; null where it was never here. */
    internet_message_id: text(),
    thread_id: text(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.provider_message_id] }),
    index("ems_tombstones_internet")
      .on(t.account_id, t.internet_message_id)
      .where(sql`internet_message_id IS NOT NULL`),
    index("ems_tombstones_thread").on(t.thread_id).where(sql`thread_id IS NOT NULL`),
  ],
);

export const attachments = sqliteTable(
  "ems_attachments",
  {
    id: text().primaryKey(),
    company_id: integer().notNull(),
    account_id: text().notNull(),
    message_id: text().notNull(),
    provider_attachment_id: text().notNull(),
    /** Its place among those of the same provider id, which may be derived from name, type and size alone. */
    nth: integer().notNull().default(0),
    filename: text().notNull(),
    content_type: text().notNull(),
    size_bytes: integer().notNull(),
    content_id: text(),
    is_inline: integer({ mode: "boolean" }).notNull(),
    /** When the bytes reached R2; null until then. */
    stored_at: integer(),
    created_at: integer().notNull(),
  },
  (t) => [uniqueIndex("ems_attachments_provider").on(t.message_id, t.provider_attachment_id, t.nth)],
);
