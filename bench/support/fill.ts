import type { RunningWorker } from "./worker.ts";

/** A mailbox filled by SQL, with rows like those of ingest. */
export interface FilledMailbox {
  company: number;
  accountId: string;
  grantId: string;
  email: string;
  messages: number;
}

/** Messages per thread. One message in ten has an attachment. */
export const MESSAGES_PER_THREAD = 4;
/** Time of the oldest message. The others follow a minute apart. */
export const OLDEST_AT = 1_700_000_000;
/** Rows per statement, which take some seconds. */
const PORTION = 20_000;
/** A body of medium size, like that of receiveMail. */
export const HTML = `<p>Dear team,</p><p>${"this is a mail of middling length. ".repeat(40)}</p>`;

const KINDS = { account: "8800", thread: "8801", message: "8802", file: "8803" };
type Kind = keyof typeof KINDS;

/**
 * The id of the n-th row of a kind. Higher ids are newer. Each company has one mailbox.
 * @param company up to 65,535
 */
export const filledId = (kind: Kind, company: number, n = 0): string =>
  `01900000-${company.toString(16).padStart(4, "0")}-7000-${KINDS[kind]}-${n.toString(16).padStart(12, "0")}`;

/** The same in SQL, for the row number `expression`. */
const sqlId = (kind: Kind, company: number, expression: string): string =>
  `printf('${filledId(kind, company).slice(0, 24)}%012x', ${expression})`;

/** SQL expressions of the columns of a body, of the row number `i`. */
export interface BodySql {
  html: string;
  key: string;
}

const SHORT: BodySql = { html: `'${HTML}'`, key: "NULL" };

/** Where to write the rows. D1 itself is only needed with STORE=objects. */
type Filled = Pick<RunningWorker, "run"> & Partial<Pick<RunningWorker, "store" | "db">>;

/** Creates an active account with this many messages, without inbox entries. */
export async function fillMailbox(
  worker: Filled,
  company: number,
  messages: number,
  body: BodySql = SHORT,
): Promise<FilledMailbox> {
  const mailbox = {
    ...{ company, messages, accountId: filledId("account", company) },
    ...{ grantId: `grant-of-${company}`, email: `filled-${company}@demo.example` },
  };
  const account = {
    sql: `INSERT INTO ems_accounts (id, company_id, email_address, provider, grant_id, grant_provider, status, created_at)
      VALUES (?, ?, ?, 'gmail', ?, 'google', 'active', ${OLDEST_AT})`,
    params: [mailbox.accountId, company, mailbox.email, mailbox.grantId],
  };
  await worker.run(company, [account]);
  if (worker.store === "objects" && worker.db) await list(worker.db, mailbox);
  for (let first = 0; first < messages; first += PORTION) {
    const last = Math.min(first + PORTION, messages) - 1;
    await worker.run(
      company,
      portion(mailbox, first, last, body).map((sql) => ({ sql, params: [] })),
    );
  }
  return mailbox;
}

/** Enters the mailbox into the directory, which says which company has a grant. */
async function list(db: RunningWorker["db"], { company, email, grantId }: FilledMailbox): Promise<void> {
  await db
    .prepare(
      `INSERT INTO ems_directory (key, company_id, claimed_at)
       SELECT value, ?, ${OLDEST_AT} FROM json_each(?)`,
    )
    .bind(company, JSON.stringify([`address:${email}`, `grant:${grantId}`]))
    .run();
}

/** Marks all messages as read for the user, except `unread` at equal distances, and compacts the entries. */
export const readAllBut = (worker: RunningWorker, mailbox: FilledMailbox, userId: number, unread: number) =>
  touchAllBut(worker, mailbox, userId, unread, "isTouched, 0, iif(isTouched, sent_at, NULL)");

/** The same with the archive: all messages are in it, except `kept`. */
export const archiveAllBut = (worker: RunningWorker, mailbox: FilledMailbox, userId: number, kept: number) =>
  touchAllBut(worker, mailbox, userId, kept, "0, isTouched, NULL");

/** @param state SQL for is_read, is_archived and read_at */
async function touchAllBut(
  worker: RunningWorker,
  { company, accountId, messages }: FilledMailbox,
  userId: number,
  others: number,
  state: string,
): Promise<void> {
  const step = Math.floor(messages / others);
  for (let first = 0; first < messages; first += PORTION) {
    const sql = `INSERT INTO ems_inbox_entries
        (user_id, message_id, company_id, account_id, sent_at, is_read, is_archived, read_at)
      SELECT ${userId}, id, company_id, account_id, sent_at, ${state} FROM (
        SELECT *, (sent_at - ${OLDEST_AT}) / 60 % ${step} <> ${step - 1} AS isTouched FROM ems_messages
        WHERE account_id = ? AND hidden = 0 AND sent_at >= ${OLDEST_AT + first * 60}
          AND sent_at < ${OLDEST_AT + (first + PORTION) * 60})`;
    await worker.run(company, [{ sql, params: [accountId] }]);
  }
  const stretch = `INSERT INTO ems_inbox_stretches (user_id, account_id, newest_at, newest_id, oldest_at, oldest_id)
    VALUES (?, ?, ?, ?, ?, ?)`;
  const params = [userId, accountId, ...placeOf(company, messages - 1), ...placeOf(company, 0)];
  await worker.run(company, [{ sql: stretch, params }]);
}

const placeOf = (company: number, n: number): [at: number, id: string] => [
  OLDEST_AT + n * 60,
  filledId("message", company, n),
];

function portion(
  { company, accountId }: FilledMailbox,
  first: number,
  last: number,
  { html, key }: BodySql,
): string[] {
  const numbers = `WITH RECURSIVE n(i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`;
  const at = `${OLDEST_AT} + i * 60`;
  const [thread, message, file] = [
    sqlId("thread", company, `i / ${MESSAGES_PER_THREAD}`),
    sqlId("message", company, "i"),
    sqlId("file", company, "i"),
  ];
  return [
    `${numbers} INSERT INTO ems_threads
       (id, company_id, account_id, provider_thread_id, subject, first_message_at, last_message_at, created_at)
     SELECT ${thread}, ${company}, '${accountId}', 'thread-' || (i / ${MESSAGES_PER_THREAD}),
       'About order ' || (i / ${MESSAGES_PER_THREAD}), ${at}, ${at}, ${at}
     FROM n WHERE i % ${MESSAGES_PER_THREAD} = 0`,
    `${numbers} INSERT INTO ems_messages
       (id, company_id, account_id, thread_id, provider_message_id, provider_thread_id, internet_message_id,
        from_address, from_name, to_addresses, cc_addresses, bcc_addresses, subject, snippet, direction,
        has_attachments, attachment_count, threaded_by, sent_at, created_at, observed_at, applied_by, body_digest,
        body_key, body_text, body_html, thread_version)
     SELECT ${message}, ${company}, '${accountId}', ${thread}, 'mail-' || i,
       'thread-' || (i / ${MESSAGES_PER_THREAD}), '<' || i || '@out.example>', 'customer@out.example', 'A Customer',
       '[{"name":"Team","email":"filled-${company}@demo.example"}]', '[]', '[]',
       'About order ' || (i / ${MESSAGES_PER_THREAD}), 'Dear team, this is a mail of middling length.', 'inbound',
       i % 10 = 0, i % 10 = 0, 'provider', ${at}, ${at}, ${at}, 'fill', hex(zeroblob(32)), ${key}, NULL, ${html},
       i % ${MESSAGES_PER_THREAD} + 1
     FROM n`,
    `${numbers} INSERT INTO ems_attachments
       (id, company_id, account_id, message_id, provider_attachment_id, filename, content_type, size_bytes, is_inline, created_at)
     SELECT ${file}, ${company}, '${accountId}', ${message}, 'file-' || i, 'order.pdf', 'application/pdf', 40000, 0, ${at}
     FROM n WHERE i % 10 = 0`,
  ];
}
