import { env } from "cloudflare:workers";
import { nowSeconds } from "../../src/lib/time.ts";
import { type BulkAccount, createBulkAccount, setGrant } from "./bulk.ts";
import { type Client, createClient, unique } from "./client.ts";
import { dbOf } from "./db.ts";
import { createGrant } from "./nylas.ts";

/** A mailbox with a grant. Each message has the Message-ID `<its id>` and its thread's id. */
export interface GrownMailbox extends BulkAccount {
  grant_id: string;
  /** Oldest first, a second apart, two to a thread. */
  messages: { id: string; thread_id: string; sent_at: number }[];
}

/** Two companies with a mailbox each, in a database of matching size. */
export interface Grown {
  mailbox: GrownMailbox;
  /** Belongs to the second company. */
  other: GrownMailbox;
  /** A thread of the first mailbox: older than all others, with a quarter as many messages. */
  longThread: { id: string; oldest: string; newest: string };
  /** All but `several` have only the first company. */
  users: Record<"fresh" | "thorough" | "patchy" | "busy" | "several", Client>;
}

/** The time of the oldest message, as in createBulkAccount. */
const OLDEST_AT = 1_700_000_000;
/** The patchy user reads `READ` messages of every this many. */
const PATCH = 100;
const READ = 40;
/** Colleagues' user ids, the same number for any size of company. */
const COLLEAGUES = 3_000_000_000;
/** Unrelated companies. */
const STRANGERS = 2_000_000_000;

/** Selects each message of the account in the first parameter, numbered by i. */
const EACH = `FROM (SELECT *, sent_at - ${OLDEST_AT} AS i FROM ems_messages WHERE account_id = ?1) WHERE i >= 0`;
const idOf = (kind: string): string => `replace(id, '-8002-', '-${kind}-')`;

/**
 * Creates two companies with rows in every table, in proportion to `count` (a multiple of 100): mail with files,
 * readers, drafts, sent mail, uploads, keys, deliveries, events and unrelated accounts.
 */
export async function grow(count: number): Promise<Grown> {
  const mailbox = await growMailbox(count);
  const other = await growMailbox(count);
  const companies = [mailbox.company_id];
  const [fresh, thorough, patchy, busy] = await Promise.all(
    Array.from({ length: 4 }, () => createClient({ companies, name: "Kim" })),
  );
  const users = { fresh, thorough, patchy, busy } as Omit<Grown["users"], "several">;
  const several = await createClient({ companies: [mailbox.company_id, other.company_id], name: "Lee" });
  const longThread = await growThread(mailbox);
  for (const each of [mailbox, other]) await dbOf(each.company_id).batch(belongings(each));
  const db = dbOf(mailbox.company_id);
  await db.batch(strangers(mailbox));
  await db.batch(reading(mailbox, count, users));
  await env.DB.batch(ofNoCompany(2 * count));
  return { mailbox, other, longThread, users: { ...users, several } };
}

async function growMailbox(count: number): Promise<GrownMailbox> {
  const account = await createBulkAccount(count);
  const { id: grant_id } = await createGrant(account.email_address);
  await setGrant(account, grant_id);
  const db = dbOf(account.company_id);
  await db.batch(
    [
      "UPDATE ems_messages SET provider_thread_id = thread_id, internet_message_id = '<' || id || '>' WHERE account_id = ?1",
      "UPDATE ems_threads SET provider_thread_id = id WHERE account_id = ?1",
      `INSERT INTO ems_syncs (account_id, run, state, moved_at, swept_until)
       VALUES (?1, 'first', 'done', unixepoch(), unixepoch() - 60)`,
    ].map((sql) => db.prepare(sql).bind(account.id)),
  );
  const { results } = await db
    .prepare("SELECT id, thread_id, sent_at FROM ems_messages WHERE account_id = ? ORDER BY sent_at")
    .bind(account.id)
    .all<GrownMailbox["messages"][number]>();
  return { ...account, grant_id, messages: results };
}

async function growThread({ id, company_id, messages }: GrownMailbox): Promise<Grown["longThread"]> {
  const db = dbOf(company_id);
  const thread = crypto.randomUUID();
  const copies = messages.length / 4;
  await db.batch(
    [
      `INSERT INTO ems_threads (id, company_id, account_id, provider_thread_id, subject, first_message_at,
         last_message_at, created_at)
       SELECT ?2, company_id, id, ?2, 'Subject', ${OLDEST_AT}, 0, 0 FROM ems_accounts WHERE id = ?1`,
      `INSERT INTO ems_messages (id, company_id, account_id, thread_id, provider_thread_id, provider_message_id,
         internet_message_id, from_address, to_addresses, subject, direction, has_attachments, sent_at, created_at,
         observed_at, applied_by, body_text, thread_version)
       SELECT ${idOf("8003")}, company_id, account_id, ?2, ?2, 'long-' || i, '<long ' || id || '>', from_address,
         to_addresses, subject, direction, 0, sent_at - 1000000, 0, 0, 'bulk', 'text', i + 1 ${EACH} AND i < ${copies}`,
    ].map((sql) => db.prepare(sql).bind(id, thread)),
  );
  const copyOf = (nth: number) => `${messages[nth]?.id.replace("-8002-", "-8003-")}`;
  return { id: thread, oldest: copyOf(0), newest: copyOf(copies - 1) };
}

/** A company's other rows, about one per message. */
const belongings = ({ id, company_id }: BulkAccount): D1PreparedStatement[] =>
  [
    `INSERT INTO ems_attachments (id, company_id, account_id, message_id, provider_attachment_id, filename,
       content_type, size_bytes, is_inline, stored_at, created_at)
     SELECT ${idOf("8004")}, company_id, account_id, id, 'file', 'a.txt', 'text/plain', 5, 0, 0, 0 ${EACH} AND i % 5 = 0`,
    `INSERT INTO ems_tombstones (account_id, provider_message_id, deleted_at, internet_message_id, thread_id)
     SELECT account_id, 'gone ' || i, unixepoch() * 1000, '<gone ' || i || '>', thread_id ${EACH}`,
    `INSERT INTO ems_pending_references (account_id, internet_message_id, message_id, base_subject)
     SELECT account_id, '<expected ' || i || '>', id, 'subject' ${EACH}`,
    `INSERT INTO ems_events (company_id, user_id, type, thread_id, message_id, cause, created_at)
     SELECT company_id, iif(i % 2, NULL, ${COLLEAGUES}), 'inbox.updated', thread_id, id, 'grown/' || id, unixepoch() ${EACH}`,
    // Only the oldest are parked or of another trigger.
    `INSERT INTO ems_deliveries (id, type, account_id, received_at, state, key)
     SELECT 'grown ' || id, iif(i < 3, 'message.opened', 'message.created'), account_id, unixepoch() - 10000 + i,
       iif(i < 3, 'parked', 'applied'), 'none' ${EACH}`,
    `INSERT INTO ems_outbox (id, company_id, account_id, user_id, state, provider_key, idempotency_key, mail_digest,
       subject, to_addresses, send_at, created_at, updated_at)
     SELECT ${idOf("8005")}, company_id, account_id, ${COLLEAGUES} + i % 10, iif(i % 10, 'sent', 'unknown'), id, id, '',
       '', '[]', 0, unixepoch() - 10000 + i, 0 ${EACH}`,
    `INSERT INTO ems_drafts (id, company_id, account_id, created_by, updated_by, created_at, updated_at)
     SELECT ${idOf("8006")}, company_id, account_id, ${COLLEAGUES}, ${COLLEAGUES}, 0, i ${EACH}`,
    `INSERT INTO ems_uploads (id, company_id, user_id, filename, content_type, size_bytes, content_id, created_at)
     SELECT ${idOf("8007")}, company_id, ${COLLEAGUES}, 'a.txt', 'text/plain', 5, id, unixepoch() ${EACH}`,
  ].map((sql) => dbOf(company_id).prepare(sql).bind(id));

/** Rows of users, and the directory of other companies. */
const ofNoCompany = (count: number): D1PreparedStatement[] =>
  [
    `INSERT INTO ems_idempotency_keys (user_id, key, request_hash, created_at)
     SELECT ${COLLEAGUES}, hex(randomblob(16)), '', unixepoch() FROM n`,
    "INSERT INTO ems_stream_tickets SELECT hex(randomblob(16)), '{}', unixepoch() + 600 FROM n",
    "INSERT INTO ems_sign_ins SELECT hex(randomblob(16)), '{}', 0, unixepoch() + 600 FROM n",
    `INSERT INTO ems_directory SELECT 'grant:' || hex(randomblob(16)), ${STRANGERS} + i, unixepoch() FROM n`,
  ].map((sql) =>
    env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1) ${sql}`,
    ).bind(count),
  );

/**
 * Other companies: one account per ten messages, half of them long disconnected. With STORE=objects they are in the
 * company's object too, where no statement may read them either.
 */
const strangers = ({ id, company_id }: BulkAccount): D1PreparedStatement[] =>
  [
    `INSERT INTO ems_accounts (id, company_id, email_address, provider, grant_id, status, created_at)
     SELECT ${idOf("8008")}, ${STRANGERS} + i, id || '@out.example', 'imap', id, iif(i % 20, 'disconnected', 'active'), 0
     ${EACH} AND i % 10 = 0`,
    `INSERT INTO ems_syncs (account_id, run, state, moved_at, swept_until)
     SELECT ${idOf("8008")}, 'first', 'done', 0, iif(i % 20, 0, unixepoch()) ${EACH} AND i % 10 = 0`,
    `INSERT OR IGNORE INTO companies SELECT ${STRANGERS} + i, 'Stranger' ${EACH}`,
  ].map((sql) => dbOf(company_id).prepare(sql).bind(id));

/**
 * The thorough user has read all but ten; the patchy user, every other patch; the busy user, the newest hundred,
 * with the middle not dense yet. Each colleague has read every tenth message, and has dense ranges.
 */
function reading({ id, company_id }: BulkAccount, count: number, users: Omit<Grown["users"], "several">) {
  const { thorough, patchy, busy } = users;
  const read = (user: string, isRead: string, which: string) =>
    `INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, is_read)
     SELECT ${user}, id, company_id, account_id, sent_at, ${isRead} ${EACH} AND ${which}`;
  const settled = (user: string, which: string, length: number | string) =>
    `INSERT INTO ems_inbox_stretches
     SELECT ${user}, account_id, sent_at + ${length} - 1, (
       SELECT m.id FROM ems_messages m WHERE m.account_id = ?1 AND m.sent_at = o.sent_at + ${length} - 1), sent_at, id
     FROM (SELECT * ${EACH} AND ${which}) o`;
  const { user_id: all } = thorough.claims;
  const { user_id: patches } = patchy.claims;
  const { user_id: hundred } = busy.claims;
  return [
    read(`${all}`, `i % ${count / 10} <> 7`, "true"),
    settled(`${all}`, "i = 0", count),
    read(`${patches}`, "1", `i % ${PATCH} < ${READ}`),
    settled(`${patches}`, `i % ${PATCH} = 0`, READ),
    read(`${hundred}`, "1", `i >= ${count - 100}`),
    settled(`${hundred}`, `i = ${count - 100}`, READ),
    settled(`${hundred}`, `i = ${count - 40}`, READ),
    read(`${COLLEAGUES} + i % 10`, "1", "true"),
    settled(`${COLLEAGUES} + i / ${PATCH} % 10`, `i % ${PATCH} = 0`, READ),
  ].map((sql) => dbOf(company_id).prepare(sql).bind(id));
}

/** A message in the middle of a mailbox, another one on each call. */
export const middle = ({ messages }: GrownMailbox, n: number): GrownMailbox["messages"][number] =>
  messages[messages.length / 2 + n] as GrownMailbox["messages"][number];

/** Inserts an expired row into each table, for cron to remove. */
export async function addExpired({ mailbox }: Grown): Promise<void> {
  const long = nowSeconds() - 100 * 86_400;
  const { id: account, company_id: company } = mailbox;
  const id = crypto.randomUUID();
  const ofUsers: [string, ...unknown[]][] = [
    ["INSERT INTO ems_stream_tickets VALUES (?, '{}', ?)", id, long],
    ["INSERT INTO ems_sign_ins VALUES (?, '{}', 0, ?)", id, long],
    [
      "INSERT INTO ems_idempotency_keys (user_id, key, request_hash, created_at) VALUES (?, ?, '', ?)",
      ...[COLLEAGUES, id, long],
    ],
  ];
  const ofCompany: [string, ...unknown[]][] = [
    ["UPDATE ems_events SET created_at = ? WHERE id = (SELECT min(id) FROM ems_events)", long],
    ["UPDATE ems_deliveries SET received_at = ? WHERE rowid = (SELECT min(rowid) FROM ems_deliveries)", long],
    ["UPDATE ems_outbox SET created_at = ? WHERE id = (SELECT min(id) FROM ems_outbox)", long],
    ["UPDATE ems_tombstones SET deleted_at = 1 WHERE rowid = (SELECT min(rowid) FROM ems_tombstones)"],
    ["INSERT OR REPLACE INTO ems_garbage VALUES (?, ?), ('used', ?)", id, long, long],
    ["INSERT OR IGNORE INTO ems_outbox_files VALUES ('used', ?)", id],
    [
      "INSERT INTO ems_uploads VALUES (?, ?, ?, 'a.txt', 'text/plain', 5, 'none', ?)",
      ...[id, company, COLLEAGUES, long],
    ],
    [
      `INSERT INTO ems_outbox (id, company_id, account_id, user_id, state, provider_key, mail_digest, subject,
         to_addresses, send_at, due_at, created_at, updated_at)
       VALUES (?, ?, ?, ?, 'queued', '', '', '', '[]', 0, 0, 0, 0)`,
      ...[`ff${unique()}`, company, account, COLLEAGUES],
    ],
  ];
  for (const [on, statements] of [
    [env.DB, ofUsers],
    [dbOf(company), ofCompany],
  ] as const) {
    await on.batch(statements.map(([sql, ...params]) => on.prepare(sql).bind(...params)));
  }
}
