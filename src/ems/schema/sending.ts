import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** Every mail that somebody wanted to send, and what is known of it: see sending/attempt.ts for the states. */
export const outbox = sqliteTable(
  "ems_outbox",
  {
    id: text().primaryKey(),
    company_id: integer().notNull(),
    account_id: text().notNull(),
    user_id: integer().notNull(),
    state: text({ enum: ["queued", "sending", "sent", "failed", "unknown", "cancelled"] }).notNull(),
    /** Our Idempotency-Key at the provider: another one after each attempt that is known to have sent nothing. */
    provider_key: text().notNull(),
    /** The caller's Idempotency-Key: a repetition finds the same entry. */
    idempotency_key: text(),
    /** The draft that it sends, and the version that it says; null once it is known that nothing was sent. */
    draft_id: text(),
    draft_version: integer(),
    /** The exact mail as JSON: what is sent again under one key must be the same, byte for byte. */
    mail: text(),
    /** R2 key of the mail when it is too large for a row; then `mail` is null. */
    mail_key: text(),
    /** SHA-256 of the mail: a caller's key that comes again must come with the same. */
    mail_digest: text().notNull(),
    subject: text().notNull(),
    /** JSON array of `{name, email}`. */
    to_addresses: text().notNull(),
    /** The thread of ours that it answers in. */
    thread_id: text(),
    /** The version of that thread that the sender had seen and has claimed: given back when nothing was sent. */
    thread_version: integer(),
    /** What it has become here. */
    message_id: text(),
    /** Not before. */
    send_at: integer().notNull(),
    /** When the present key was first used at the provider, who remembers it for an hour. */
    tried_at: integer(),
    attempts: integer().notNull().default(0),
    /** When a job has to look at it; null when nothing is left to be done. */
    due_at: integer(),
    /** Why it failed, or what is not known, for people. */
    detail: text(),
    created_at: integer().notNull(),
    updated_at: integer().notNull(),
  },
  (t) => [
    uniqueIndex("ems_outbox_idempotency")
      .on(t.user_id, t.idempotency_key)
      .where(sql`idempotency_key IS NOT NULL`),
    // Whoever sends a draft, and whenever: it is one mail.
    uniqueIndex("ems_outbox_draft").on(t.draft_id).where(sql`draft_id IS NOT NULL`),
    // Not by the account first: that would be taken for ems_outbox_unknown.
    index("ems_outbox_account").on(t.company_id, t.account_id),
    index("ems_outbox_company").on(t.company_id, t.created_at, t.id),
    index("ems_outbox_due").on(t.due_at).where(sql`due_at IS NOT NULL`),
    index("ems_outbox_unknown").on(t.account_id).where(sql`state = 'unknown' AND due_at IS NOT NULL`),
  ],
);

/** Attachments that mails in the outbox pass on: they stay until the mail is sent or cancelled, whatever is deleted. */
export const outboxFiles = sqliteTable(
  "ems_outbox_files",
  {
    /** In R2. */
    key: text().notNull(),
    outbox_id: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.key, t.outbox_id] }), index("ems_outbox_files_entry").on(t.outbox_id)],
);

/** What a request under an Idempotency-Key was answered, for 24 hours. */
export const idempotencyKeys = sqliteTable(
  "ems_idempotency_keys",
  {
    user_id: integer().notNull(),
    key: text().notNull(),
    /** SHA-256 of method, path and body. */
    request_hash: text().notNull(),
    /** Null while it is still being answered. */
    status: integer(),
    body: text(),
    /** R2 key of the body when it is too large for a row. */
    body_key: text(),
    created_at: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.user_id, t.key] }), index("ems_idempotency_keys_age").on(t.created_at)],
);

/** A mail that is still being written. The company's colleagues share it. */
export const drafts = sqliteTable(
  "ems_drafts",
  {
    id: text().primaryKey(),
    company_id: integer().notNull(),
    account_id: text().notNull(),
    created_by: integer().notNull(),
    updated_by: integer().notNull(),
    /** Rises with each change: who changes it says which one they have seen. */
    version: integer().notNull().default(1),
    /** JSON of what has been written, as a send takes it. */
    content: text(),
    /** R2 key of the content when it is too large for a row. */
    content_key: text(),
    reply_to_message_id: text(),
    /** Of whoever is sending it, until `claimed_until`. */
    claim: text(),
    claimed_until: integer(),
    created_at: integer().notNull(),
    updated_at: integer().notNull(),
  },
  (t) => [
    index("ems_drafts_company").on(t.company_id, t.updated_at, t.id),
    index("ems_drafts_account").on(t.account_id, t.updated_at, t.id),
  ],
);

/** A file that was uploaded to be sent. Its bytes lie in R2 under `uploads/{company}/{id}`. */
export const uploads = sqliteTable(
  "ems_uploads",
  {
    id: text().primaryKey(),
    company_id: integer().notNull(),
    user_id: integer().notNull(),
    filename: text().notNull(),
    content_type: text().notNull(),
    size_bytes: integer().notNull(),
    /** By which the HTML of the mail shows it inline, without angle brackets. */
    content_id: text().notNull(),
    created_at: integer().notNull(),
  },
  (t) => [index("ems_uploads_age").on(t.created_at), index("ems_uploads_company").on(t.company_id)],
);
