import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Responses under Idempotency-Keys: see platform/idempotency. */
export const idempotencyKeys = sqliteTable(
  "es_idempotency_keys",
  {
    /** Tenant and user. */
    user_id: text().notNull(),
    key: text().notNull(),
    request_hash: text().notNull(),
    status: integer(),
    body: text(),
    body_key: text(),
    /** In seconds since the epoch. */
    created_at: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.user_id, table.key] }),
    index("es_idempotency_keys_age").on(table.created_at),
  ],
);

/** Uploads on their way into the bucket: those whose mailbox does not have them by then are deleted. */
export const garbage = sqliteTable(
  "es_garbage",
  {
    /** Of the object in R2. */
    key: text().primaryKey(),
    /** In seconds since the epoch. */
    due_at: integer().notNull(),
  },
  (table) => [index("es_garbage_due").on(table.due_at)],
);

/** Counts of accounts. Triggers keep them, so that the metrics read a few rows. */
export const totals = sqliteTable("es_totals", {
  /** `state_` with a state, or `key_` with the id of a key in MAIL_KEYS. */
  name: text().primaryKey(),
  value: integer().notNull(),
});
