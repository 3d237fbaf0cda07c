import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/**
 * Accounts of the Email Service API: what their owners gave, but for secrets, and what their mailboxes last told. Times
 * are in milliseconds since the epoch.
 */
export const accounts = sqliteTable(
  "es_accounts",
  {
    /** Also the name of the account's mailbox: see the script xabar-mailbox. */
    id: text().primaryKey(),
    tenant_id: text().notNull(),
    user_id: text().notNull(),
    account_name: text().notNull(),
    email_address: text().notNull(),
    protocol: text({ enum: ["imap", "pop3"] }).notNull(),
    hostname: text().notNull(),
    port: integer().notNull(),
    encryption: text({ enum: ["none", "tls", "starttls"] }).notNull(),
    username: text().notNull(),
    /** JSON: the server for sending, as far as the owner gave it. */
    smtp: text().notNull(),
    /** JSON: how the mailbox logs in. */
    login: text().notNull(),
    is_sync_enabled: integer({ mode: "boolean" }).notNull(),
    /** In seconds. */
    sync_interval: integer().notNull(),
    is_enabled: integer({ mode: "boolean" }).notNull(),
    state: text().notNull(),
    is_syncing: integer({ mode: "boolean" }).notNull().default(false),
    last_sync_at: integer(),
    /** JSON: `{code, message, at}`. */
    last_error: text(),
    /** JSON: the capabilities of the mail server. */
    capabilities: text().notNull().default("[]"),
    /** The key of MAIL_KEYS that seals the account's secrets. */
    key_id: text(),
    /** When the mailbox told this status. An older one never replaces it. */
    status_at: integer().notNull().default(0),
    created_at: integer().notNull(),
    /** Of what the owner gave. It grows with each change, so it also serves as a version. */
    updated_at: integer().notNull(),
    /** Set for an account that is deleted, or not yet created. */
    deleted_at: integer(),
  },
  (t) => [
    uniqueIndex("es_accounts_address")
      .on(t.tenant_id, sql`lower(email_address)`)
      .where(sql`deleted_at IS NULL`),
    index("es_accounts_user").on(t.tenant_id, t.user_id, t.id).where(sql`deleted_at IS NULL`),
    index("es_accounts_tenant").on(t.tenant_id, t.id).where(sql`deleted_at IS NULL`),
    index("es_accounts_former")
      .on(t.tenant_id, t.user_id, sql`lower(email_address)`)
      .where(sql`deleted_at IS NOT NULL`),
    index("es_accounts_deleted").on(t.deleted_at).where(sql`deleted_at IS NOT NULL`),
  ],
);
