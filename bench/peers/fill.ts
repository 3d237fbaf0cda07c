import { filledId, HTML, MESSAGES_PER_THREAD, OLDEST_AT } from "../support/fill.ts";

// Writes the rows of bench/support/fill.ts to PostgreSQL, with their counters.

type Kind = Parameters<typeof filledId>[0];

const sqlId = (kind: Kind, company: number, expression: string): string =>
  `('${filledId(kind, company).slice(0, 24)}' || lpad(to_hex(${expression}), 12, '0'))::uuid`;

const timeOf = (expression: string): string => `to_timestamp(${OLDEST_AT} + (${expression}) * 60::bigint)`;

/** Statements that create the account of a company with this many messages. */
export function fillSql(company: number, messages: number): string {
  const account = `'${filledId("account", company)}'::uuid`;
  const thread = sqlId("thread", company, `i / ${MESSAGES_PER_THREAD}`);
  const message = sqlId("message", company, "i");
  const threads = Math.ceil(messages / MESSAGES_PER_THREAD);
  const [at, last] = [timeOf("i"), `least(i + ${MESSAGES_PER_THREAD}, ${messages})`];
  const name = `'thread-' || i / ${MESSAGES_PER_THREAD}, `;
  return `
    BEGIN;
    INSERT INTO accounts (id, company_id, email_address, grant_id, message_count, thread_count)
    VALUES (${account}, ${company}, 'filled-${company}@demo.example', 'grant-of-${company}', ${messages}, ${threads});
    INSERT INTO threads (id, company_id, account_id, provider_thread_id, subject, first_message_at, last_message_at,
      message_count, version, created_at)
    SELECT ${thread}, ${company}, ${account}, ${name} 'About order ' || i / ${MESSAGES_PER_THREAD}, ${at},
      ${timeOf(`${last} - 1`)}, ${last} - i, ${last} - i, ${at}
    FROM generate_series(0, ${messages - 1}, ${MESSAGES_PER_THREAD}) i;
    INSERT INTO messages (id, company_id, account_id, thread_id, provider_message_id, provider_thread_id,
      internet_message_id, from_address, from_name, to_addresses, subject, snippet, direction, has_attachments,
      threaded_by, sent_at, created_at, body_html)
    SELECT ${message}, ${company}, ${account}, ${thread}, 'mail-' || i, ${name} '<' || i || '@out.example>',
      'customer@out.example', 'A Customer', '[{"name":"Team","email":"filled-${company}@demo.example"}]',
      'About order ' || i / ${MESSAGES_PER_THREAD}, 'Dear team, this is a mail of middling length.', 'inbound',
      i % 10 = 0, 'provider', ${at}, ${at}, '${HTML}'
    FROM generate_series(0, ${messages - 1}) i;
    INSERT INTO attachments (id, message_id, provider_attachment_id, filename, content_type, size_bytes, is_inline,
      created_at)
    SELECT ${sqlId("file", company, "i")}, ${message}, 'file-' || i, 'order.pdf', 'application/pdf', 40000, false, ${at}
    FROM generate_series(0, ${messages - 1}, 10) i;
    COMMIT;`;
}

/** Statements that mark all messages of a company as read, except some at equal distances. */
export function readAllButSql(company: number, userId: number, unread: number): string {
  const account = `'${filledId("account", company)}'::uuid`;
  return `
    BEGIN;
    INSERT INTO inbox_entries (user_id, message_id, account_id, sent_at, is_read, read_at)
    SELECT ${userId}, id, account_id, sent_at, is_read, CASE WHEN is_read THEN sent_at END FROM (
      SELECT m.*, nth % step <> step - 1 AS is_read FROM messages m JOIN accounts a ON a.id = m.account_id
      CROSS JOIN LATERAL (SELECT extract(epoch FROM sent_at)::bigint - ${OLDEST_AT} AS seconds) s
      CROSS JOIN LATERAL (SELECT seconds / 60 AS nth, a.message_count / ${unread} AS step) n
      WHERE m.account_id = ${account}) each;
    INSERT INTO inbox_counters (user_id, account_id, read_count)
    SELECT ${userId}, ${account}, count(*) FROM inbox_entries
    WHERE user_id = ${userId} AND account_id = ${account} AND is_read;
    INSERT INTO inbox_watermarks (user_id, account_id, sent_at, message_id)
    SELECT ${userId}, account_id, sent_at, id FROM messages
    WHERE account_id = ${account} ORDER BY sent_at DESC, id DESC LIMIT 1;
    COMMIT;`;
}
