import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

// Times are whole seconds since the epoch, UTC. Ids are lower-case UUIDv7. Triggers in
// migrations/ems/0001_triggers.sql and 0018_folder_triggers.sql maintain the counters, so no statement can miss one.

const FOLDERS = ["inbox", "sent", "drafts", "junk", "trash", "archive"] as const;

const IS_HIDDEN = sql`folder IN ('junk', 'trash', 'drafts')`;

export const companies = sqliteTable("companies", {
  /** Assigned by the token issuer. A company exists as soon as a token names it. */
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
    /** Kept after an expiry, so that re-authentication revives it; null once revoked. */
    grant_id: text(),
    /** The provider's name for its kind ("imap", "google"). On IMAP, replies refer to Message-IDs. */
    grant_provider: text(),
    status: text({ enum: ["active", "syncing", "disconnected"] }).notNull(),
    /** Why it is disconnected, for display. */
    status_reason: text(),
    /** Disconnected by a user, not by an expiry: only a user reconnects it, and no mail is stored meanwhile. */
    disconnected_by_user: integer({ mode: "boolean" }).notNull().default(false),
    /** Time of the last applied notification of the grant, in milliseconds. An older one changes nothing. */
    grant_observed_at: integer().notNull().default(0),
    /**
     * When a grant first proved ownership of this address; null for a mere claim, which blocks no other company.
     */
    proven_at: integer(),
    last_sync_at: integer(),
    created_at: integer().notNull(),
    /** Shown in lists. Messages in junk, trash and drafts are hidden, and counted below. */
    message_count: integer().notNull().default(0),
    thread_count: integer().notNull().default(0),
    hidden_message_count: integer().notNull().default(0),
    /** Threads with only hidden messages. */
    hidden_thread_count: integer().notNull().default(0),
    /** When the provider last failed to list the mailbox's folders; null after a success. */
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
    /** The subject of the oldest message. A trigger sets it, so the order of arrival does not matter. */
    subject: text().notNull(),
    first_message_at: integer().notNull(),
    /** Latest shown message; for a hidden thread, latest message. */
    last_message_at: integer().notNull(),
    /** Counts shown messages. */
    message_count: integer().notNull().default(0),
    hidden_count: integer().notNull().default(0),
    hidden: integer().generatedAlwaysAs(sql`message_count = 0`, { mode: "virtual" }),
    do_not_delete: integer({ mode: "boolean" }).notNull().default(false),
    created_at: integer().notNull(),
    /** Grows with each new message, and with each reply that claimed a version. By trigger. */
    version: integer().notNull().default(0),
    /** Set within a single statement to make a trigger merge it into another thread: see ingest/threading.ts. */
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
    /** Unique per account only: on IMAP it derives from the Message-ID, which two mailboxes can share. */
    provider_message_id: text().notNull(),
    /** Maps later messages of the provider's thread to ours, even where the two are not one to one. */
    provider_thread_id: text(),
    internet_message_id: text(),
    from_address: text().notNull(),
    from_name: text(),
    /** JSON arrays of `{name, email}`. Null until the provider reports them; Bcc also when empty. */
    to_addresses: text().notNull(),
    cc_addresses: text(),
    bcc_addresses: text(),
    subject: text().notNull(),
    snippet: text(),
    direction: text({ enum: ["inbound", "outbound"] }).notNull(),
    has_attachments: integer({ mode: "boolean" }).notNull(),
    attachment_count: integer().notNull().default(0),
    /** The rule that found its thread: see ingest/threading.ts. */
    threaded_by: text({ enum: ["reply", "provider", "references", "none"] })
      .notNull()
      .default("none"),
    /** Outcome of a mail that we sent; null when unknown. */
    delivery_state: text({ enum: ["sent", "bounced", "failed"] }),
    delivery_detail: text(),
    opened_count: integer().notNull().default(0),
    clicked_count: integer().notNull().default(0),
    /** Immutable: inbox entries copy it. */
    sent_at: integer().notNull(),
    created_at: integer().notNull(),
    /** When the provider saw this state, in milliseconds. An older state never overwrites it. */
    observed_at: integer().notNull(),
    /** Cause of the last update. Later statements of the same batch check it to see whether the update won. */
    applied_by: text().notNull(),
    /** SHA-256 of the provider's body. Detects a change without reading the stored body. */
    body_digest: text(),
    /** R2 key of a body over 2 KB. No other row uses it. Then both columns below are null. */
    body_key: text(),
    // Bodies come last, so that reading earlier columns skips a body's overflow pages.
    body_text: text(),
    body_html: text(),
    /** The thread version that this message created. Earlier versions do not include it. */
    thread_version: integer().notNull().default(0),
    reply_to_addresses: text(),
    /** The Message-ID as written, where it differs from the normalised one. Replies refer to it. */
    message_id_written: text(),
    /** When the provider saw body and files, in milliseconds. Newer updates may omit them. */
    body_observed_at: integer(),
    files_observed_at: integer(),
    folder: text({ enum: FOLDERS }).notNull().default("inbox"),
    /** Left out of lists, inbox and counts, unless its folder is asked for. */
    hidden: integer().generatedAlwaysAs(IS_HIDDEN, { mode: "virtual" }),
    /** The user who sent it through the outbox; null for any other mail. */
    sent_by: integer(),
  },
  (t) => [
    uniqueIndex("ems_messages_provider").on(t.account_id, t.provider_message_id),
    index("ems_messages_company").on(t.company_id, t.hidden, t.sent_at, t.id),
    index("ems_messages_account").on(t.account_id, t.hidden, t.sent_at, t.id),
    index("ems_messages_folder").on(t.account_id, t.folder, t.sent_at, t.id),
    index("ems_messages_thread").on(t.thread_id, t.hidden, t.sent_at, t.id),
    // With thread_id the index can skip over a long thread: see ingest/threading.ts.
    index("ems_messages_provider_thread").on(t.account_id, t.provider_thread_id, t.thread_id),
    index("ems_messages_internet").on(t.account_id, t.internet_message_id),
    // Finds the next sender after another, and the newest mail of each, without reading all of their mails.
    index("ems_messages_sender")
      .on(t.account_id, sql`lower(${t.from_address})`, t.sent_at)
      .where(sql`hidden = 0`),
  ],
);

/**
 * References to messages that the account does not have yet but may still receive. The rows are deleted with the
 * referring message. The table is WITHOUT ROWID.
 */
export const pendingReferences = sqliteTable(
  "ems_pending_references",
  {
    account_id: text().notNull(),
    internet_message_id: text().notNull(),
    /** The referring message. */
    message_id: text().notNull(),
    /** Base subject of that message (lib/subject.ts); null for messages stored before this column. */
    base_subject: text(),
    /**
     * Whether another reference of that message is stored. Then the missing one joins no threads when it arrives.
     */
    has_ancestor: integer({ mode: "boolean" }).notNull().default(false),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.internet_message_id, t.message_id] }),
    index("ems_pending_references_message").on(t.message_id),
  ],
);

/** Messages and threads per account and folder. By trigger. */
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

/** Messages per thread and folder, for the thread list of a folder. By trigger. */
export const threadFolders = sqliteTable(
  "ems_thread_folders",
  {
    thread_id: text().notNull(),
    folder: text().notNull(),
    /** The thread's account. */
    account_id: text().notNull(),
    message_count: integer().notNull(),
    last_message_at: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.thread_id, t.folder] }),
    index("ems_thread_folders_account").on(t.account_id, t.folder, t.last_message_at, t.thread_id),
  ],
);

/** Maps the folders of a mailbox to ours. An id that the provider does not list counts as archive. */
export const folders = sqliteTable(
  "ems_folders",
  {
    account_id: text().notNull(),
    provider_folder_id: text().notNull(),
    /** Null for a label that is not a place, such as starred. */
    folder: text({ enum: FOLDERS }),
  },
  (t) => [primaryKey({ columns: [t.account_id, t.provider_folder_id] })],
);

/** Other addresses that a mailbox sends from: senders of mail in its sent folder. At most 50. */
export const aliases = sqliteTable(
  "ems_aliases",
  {
    account_id: text().notNull(),
    /** In lower case. */
    email_address: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.account_id, t.email_address] })],
);

export const attachments = sqliteTable(
  "ems_attachments",
  {
    id: text().primaryKey(),
    company_id: integer().notNull(),
    account_id: text().notNull(),
    message_id: text().notNull(),
    provider_attachment_id: text().notNull(),
    /** Its index among attachments with the same provider id, which may derive from name, type and size alone. */
    nth: integer().notNull().default(0),
    filename: text().notNull(),
    content_type: text().notNull(),
    size_bytes: integer().notNull(),
    content_id: text(),
    is_inline: integer({ mode: "boolean" }).notNull(),
    /** When the bytes were stored in R2; null until then. */
    stored_at: integer(),
    created_at: integer().notNull(),
  },
  (t) => [uniqueIndex("ems_attachments_provider").on(t.message_id, t.provider_attachment_id, t.nth)],
);
