import postgres from "postgres";

/** A row as PostgreSQL writes it in JSON. A column that the source does not have is undefined. */
// biome-ignore lint/suspicious/noExplicitAny: the source is another program's database
export type Row = Record<string, any>;

/** A message with its attachments, and its place in its thread, counted from 1. */
export interface SourceMessage {
  message: Row;
  files: Row[];
  nth: number;
}

/** Before every id. */
const FIRST = "00000000-0000-0000-0000-000000000000";

/** Counts of a user's entries in an account. */
export interface EntryCounts {
  user_id: number;
  account_id: string;
  read: number;
  starred: number;
  archived: number;
}

/** An EMS in PostgreSQL, as the contract's first implementation has it: bench/peers/fastapi/schema.sql. */
export type Source = ReturnType<typeof openSource>;

/**
 * Opens the database. Nothing is written to it.
 * @param url `postgres://user:password@host:port/database`, or with `?host=/folder` for a socket
 * @param companies the companies to read; empty for all
 */
export function openSource(url: string, companies: number[]) {
  const folder = new URL(url.replace("@/", "@localhost/")).searchParams.get("host");
  const sql = postgres(url.replace("@/", "@localhost/").replace(/\?host=[^&]*/, ""), {
    ...{ max: 1, onnotice: () => {}, fetch_types: false },
    ...(folder ? { host: folder } : {}),
  });
  const rows = async (query: Promise<readonly Row[]>) => (await query).map(({ row }) => row as Row);
  const ofCompanies =
    companies.length > 0
      ? sql`company_id = ANY(${JSON.stringify(companies).replace("[", "{").replace("]", "}")}::int[])`
      : sql`true`;
  const accounts = sql`SELECT id FROM accounts WHERE ${ofCompanies}`;
  const touched = sql`(e.is_read OR e.is_starred OR e.is_archived)`;
  return {
    close: () => sql.end(),

    /** Names of companies, where the source has such a table. */
    companies: async (): Promise<Row[]> => {
      const [found] = await sql`SELECT to_regclass('companies') IS NOT NULL AS found`;
      if (!found?.found) return [];
      return rows(sql`
        SELECT to_jsonb(c) AS row FROM companies c
        WHERE id IN (SELECT company_id FROM accounts WHERE ${ofCompanies}) AND name IS NOT NULL`);
    },

    accounts: () => rows(sql`SELECT to_jsonb(a) AS row FROM accounts a WHERE ${ofCompanies} ORDER BY id`),

    /** The next threads in the order of ids. */
    threads: (after: string | null, limit: number) =>
      rows(sql`
        SELECT to_jsonb(t) AS row FROM threads t WHERE account_id IN (${accounts}) AND id > ${after ?? FIRST}::uuid
        ORDER BY id LIMIT ${limit}`),

    /** The next messages in the order of ids. */
    messages: async (after: string | null, limit: number) =>
      messagesOf(
        await sql`
          SELECT to_jsonb(m) AS message, (
              SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.id), '[]') FROM attachments a WHERE a.message_id = m.id) AS files, (
              SELECT count(*)::int FROM messages e
              WHERE e.thread_id = m.thread_id AND (e.sent_at, e.id) <= (m.sent_at, m.id)) AS nth
          FROM messages m WHERE account_id IN (${accounts}) AND id > ${after ?? FIRST}::uuid ORDER BY id LIMIT ${limit}`,
      ),

    /** The next entries that a user has touched, in the order of message and user. */
    entries: (after: string | null, limit: number) => {
      const [message = FIRST, user = "0"] = after?.split(" ") ?? [];
      return rows(sql`
        SELECT to_jsonb(e) AS row FROM inbox_entries e
        WHERE account_id IN (${accounts}) AND ${touched} AND (message_id, user_id) > (${message}::uuid, ${user}::int)
        ORDER BY message_id, user_id LIMIT ${limit}`);
    },

    /** Some messages, chosen at random. */
    sample: async (count: number) =>
      messagesOf(
        await sql`
          SELECT to_jsonb(m) AS message, '[]'::jsonb AS files, 0 AS nth
          FROM messages m WHERE account_id IN (${accounts}) ORDER BY random() LIMIT ${count}`,
      ),

    attachments: (messageIds: string[]) =>
      rows(sql`
        SELECT to_jsonb(a) AS row FROM attachments a
        WHERE message_id IN (SELECT value::uuid FROM jsonb_array_elements_text(${JSON.stringify(messageIds)}::text::jsonb))
        ORDER BY id`),

    /** How many rows of each kind there are. */
    counts: async () => {
      const [row] = await sql`
        SELECT (SELECT count(*)::int FROM accounts WHERE ${ofCompanies}) AS accounts,
          (SELECT count(*)::int FROM threads WHERE account_id IN (${accounts})) AS threads,
          (SELECT count(*)::int FROM messages WHERE account_id IN (${accounts})) AS messages,
          (SELECT count(*)::int FROM attachments a JOIN messages m ON m.id = a.message_id
            WHERE m.account_id IN (${accounts})) AS attachments,
          (SELECT count(*)::int FROM inbox_entries e WHERE account_id IN (${accounts}) AND ${touched}) AS entries`;
      return row as unknown as Record<Kind, number>;
    },

    entryCounts: async () =>
      (await sql`
        SELECT user_id, account_id, count(*) FILTER (WHERE is_read)::int AS read,
          count(*) FILTER (WHERE is_starred)::int AS starred, count(*) FILTER (WHERE is_archived)::int AS archived
        FROM inbox_entries e WHERE account_id IN (${accounts}) AND ${touched}
        GROUP BY user_id, account_id ORDER BY account_id, user_id`) as unknown as EntryCounts[],
  };
}

/** What is counted and compared. */
export type Kind = "accounts" | "threads" | "messages" | "attachments" | "entries";

const messagesOf = (rows: readonly object[]): SourceMessage[] =>
  rows.map((row) => ({ ...(row as SourceMessage) }));
