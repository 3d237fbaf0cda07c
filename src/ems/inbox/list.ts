import { type SQL, sql } from "drizzle-orm";
import { entryIdOf } from "../../lib/ids.ts";
import type { Position } from "../../lib/pagination.ts";
import { toIso, toIsoOrNull } from "../../lib/time.ts";
import { inCompanies, type UserCtx } from "../context.ts";
import { listPage, type Scope } from "../lists.ts";
import type { InboxItemResponse, InboxListResponse, InboxQuery, UnreadCountsResponse } from "./schemas.ts";

interface EntryState extends Position {
  is_read: number;
  is_starred: number;
  read_at: number | null;
}

interface MessageSummary {
  id: string;
  thread_id: string;
  from_address: string;
  from_name: string | null;
  subject: string;
  snippet: string | null;
  direction: "inbound" | "outbound";
  has_attachments: number;
  sent_at: number;
  created_at: number;
  thread_subject: string;
  thread_message_count: number;
  account_email: string;
}

/** How many of an account's messages the caller has not read; archived ones are in neither list. */
const UNREAD = sql`a.message_count - coalesce(n.read_count, 0) - coalesce(n.archived_count, 0)`;

const TOTALS = {
  all: sql`a.message_count - coalesce(n.archived_count, 0)`,
  read: sql`coalesce(n.read_count, 0)`,
  unread: UNREAD,
};

/** A page of the caller's inbox, newest first, without what they archived. */
export async function listInbox(ctx: UserCtx, query: InboxQuery): Promise<InboxListResponse> {
  const filter = query.is_read === undefined ? "all" : query.is_read ? "read" : "unread";
  const select = (scope: Scope, limit: number) => selectEntries(ctx, filter, scope, limit);
  const { rows, total } = await listPage<EntryState>(ctx, query, TOTALS[filter], select);
  const messages = await selectMessages(
    ctx,
    rows.map(({ id }) => id),
  );
  const items = rows.flatMap((entry) => {
    const message = messages.get(entry.id);
    return message ? [toItem(ctx.user.user_id, entry, message)] : [];
  });
  return { items, total, page: query.page, size: query.size };
}

/** The caller's unread messages of each account, by address. */
export const countUnread = (ctx: UserCtx): Promise<UnreadCountsResponse> =>
  ctx.db.all(sql`
    SELECT a.id AS account_id, a.email_address, ${UNREAD} AS unread_count FROM ems_accounts a
    LEFT JOIN ems_inbox_counters n ON n.user_id = ${ctx.user.user_id} AND n.account_id = a.id
    WHERE a.company_id ${inCompanies(ctx)} ORDER BY a.email_address, a.id`);

/** What is read has an entry row. What is not may have none, so there the messages lead. */
function selectEntries({ user }: UserCtx, filter: keyof typeof TOTALS, scope: Scope, limit: number): SQL {
  if (filter === "read") {
    return sql`
      SELECT e.message_id AS id, e.sent_at AS at, e.is_read, e.is_starred, e.read_at FROM ems_inbox_entries e
      WHERE e.user_id = ${user.user_id} AND e.is_archived = 0 AND e.is_read = 1 AND ${scope("e")}
      ORDER BY e.sent_at DESC, e.message_id DESC LIMIT ${limit}`;
  }
  const unread = filter === "unread" ? sql`AND coalesce(e.is_read, 0) = 0` : sql``;
  return sql`
    SELECT m.id, m.sent_at AS at, coalesce(e.is_read, 0) AS is_read, coalesce(e.is_starred, 0) AS is_starred, e.read_at
    FROM ems_messages m LEFT JOIN ems_inbox_entries e ON e.user_id = ${user.user_id} AND e.message_id = m.id
    WHERE ${scope("m")} AND coalesce(e.is_archived, 0) = 0 ${unread}
    ORDER BY m.sent_at DESC, m.id DESC LIMIT ${limit}`;
}

async function selectMessages(ctx: UserCtx, ids: string[]): Promise<Map<string, MessageSummary>> {
  if (ids.length === 0) return new Map();
  const rows = await ctx.db.all<MessageSummary>(sql`
    SELECT m.id, m.thread_id, m.from_address, m.from_name, m.subject, m.snippet, m.direction, m.has_attachments,
      m.sent_at, m.created_at, t.subject AS thread_subject, t.message_count AS thread_message_count,
      a.email_address AS account_email
    FROM ems_messages m JOIN ems_threads t ON t.id = m.thread_id JOIN ems_accounts a ON a.id = m.account_id
    WHERE m.id IN (SELECT value FROM json_each(${JSON.stringify(ids)})) AND +m.company_id ${inCompanies(ctx)}`);
  return new Map(rows.map((row) => [row.id, row]));
}

function toItem(userId: number, entry: EntryState, summary: MessageSummary): InboxItemResponse {
  const { created_at, thread_subject, thread_message_count, account_email, ...message } = summary;
  return {
    id: entryIdOf(userId, message.id),
    is_read: entry.is_read === 1,
    is_starred: entry.is_starred === 1,
    is_archived: false,
    read_at: toIsoOrNull(entry.read_at),
    created_at: toIso(created_at),
    message: { ...message, has_attachments: message.has_attachments === 1, sent_at: toIso(message.sent_at) },
    thread_subject,
    thread_message_count,
    account_email,
  };
}
