import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** Every mail a user sent or scheduled, and its state: see sending/attempt.ts. */
export const outbox = sqliteTable(
  "ems_outbox",
  {
    id: text().primaryKey(),
    company_id: integer().notNull(),
    account_id: text().notNull(),
    user_id: integer().notNull(),
    state: text({ enum: ["queued", "sending", "sent", "failed", "unknown", "cancelled"] }).notNull(),
    /**
     * Our idempotency key at the provider. It changes after each attempt that certainly sent nothing. Empty after a
     * restore of the database: the mail may have been sent under another key, so it is never sent again.
     */
    provider_key: text().notNull(),
    /** The caller's Idempotency-Key. A repeated request finds the same entry. */
    idempotency_key: text(),
    /** The draft it sends and its version; null once it is certain that nothing was sent. */
    draft_id: text(),
    draft_version: integer(),
    /** The mail as JSON. A retry under one key must be identical, byte for byte. */
    mail: text(),
    /** R2 key of a mail too large for a row; then `mail` is null. */
    mail_key: text(),
    /** SHA-256 of the mail. A repeated Idempotency-Key must come with the same mail. */
    mail_digest: text().notNull(),
    subject: text().notNull(),
    /** JSON array of `{name, email}`. */
    to_addresses: text().notNull(),
    /** The thread it replies in. */
    thread_id: text(),
    /** The thread version that it claimed; released when nothing was sent. */
    thread_version: integer(),
    /** The stored message, once sent. */
    message_id: text(),
    /** Not sent before this time. */
    send_at: integer().notNull(),
    /** When the current key was first used. The provider remembers it for an hour. */
    tried_at: integer(),
    attempts: integer().notNull().default(0),
    /** When the next job is due; null when none is. */
    due_at: integer(),
    /** Why it failed, or why its outcome is unknown, for display. */
    detail: text(),
    created_at: integer().notNull(),
    updated_at: integer().notNull(),
  },
  (t) => [
    uniqueIndex("ems_outbox_idempotency")
      .on(t.user_id, t.idempotency_key)
      .where(sql`idempotency_key IS NOT NULL`),
    // A draft is one mail, even when several users send it.
    uniqueIndex("ems_outbox_draft").on(t.draft_id).where(sql`draft_id IS NOT NULL`),
    // Not by account_id first: SQLite would confuse it with ems_outbox_unknown.
    index("ems_outbox_account").on(t.company_id, t.account_id),
    index("ems_outbox_company").on(t.company_id, t.created_at, t.id),
    index("ems_outbox_due").on(t.due_at).where(sql`due_at IS NOT NULL`),
    index("ems_outbox_unknown_since").on(t.tried_at).where(sql`state = 'unknown' AND due_at IS NOT NULL`),
    index("ems_outbox_unknown").on(t.account_id).where(sql`state = 'unknown' AND due_at IS NOT NULL`),
  ],
);

/**
 * Received attachments that queued mails forward. They are kept until the mail is sent or cancelled, even if
 * deleted elsewhere.
 */
export const outboxFiles = sqliteTable(
  "ems_outbox_files",
  {
    /** An R2 key. */
    key: text().notNull(),
    outbox_id: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.key, t.outbox_id] }), index("ems_outbox_files_entry").on(t.outbox_id)],
);

/** Responses to requests with an Idempotency-Key, for 24 hours. */
export const idempotencyKeys = sqliteTable(
  "ems_idempotency_keys",
  {
    user_id: integer().notNull(),
    key: text().notNull(),
    /** SHA-256 of method, path and body. */
    request_hash: text().notNull(),
    /** Null until the response is known. */
    status: integer(),
    body: text(),
    /** R2 key of a body too large for a row. */
    body_key: text(),
    created_at: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.user_id, t.key] }), index("ems_idempotency_keys_age").on(t.created_at)],
);

/** A mail that is still being written, shared within the company. */
export const drafts = sqliteTable(
  "ems_drafts",
  {
    id: text().primaryKey(),
    company_id: integer().notNull(),
    account_id: text().notNull(),
    created_by: integer().notNull(),
    updated_by: integer().notNull(),
    /** Grows with each change. Writers name the version they have seen. */
    version: integer().notNull().default(1),
    /** The content as JSON, in the shape of a send request. */
    content: text(),
    /** R2 key of content too large for a row. */
    content_key: text(),
    reply_to_message_id: text(),
    /** The claim of a sender, valid until `claimed_until`. */
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

/** A file uploaded for a mail. Its bytes are in R2 under `uploads/{company}/{id}`. */
export const uploads = sqliteTable(
  "ems_uploads",
  {
    id: text().primaryKey(),
    company_id: integer().notNull(),
    user_id: integer().notNull(),
    filename: text().notNull(),
    content_type: text().notNull(),
    size_bytes: integer().notNull(),
    /** The Content-ID that the mail's HTML refers to, without angle brackets. */
    content_id: text().notNull(),
    created_at: integer().notNull(),
  },
  (t) => [index("ems_uploads_age").on(t.created_at), index("ems_uploads_company").on(t.company_id)],
);
