import { toIso } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { inCompanies, ofCompany, type UserCtx } from "../context.ts";
import type { messages, threads } from "../schema/mail.ts";
import type { Conversation } from "./responses.ts";
import { hiddenOf, isInView, type View } from "./views.ts";

/** How many messages of a conversation a summary covers. */
const SUMMARIZED = 50;
/** How many messages of a conversation a change covers, and among how many the newest of a view is looked for. */
export const NEWEST = 500;
const MAX_PARTICIPANTS = 5;
/** A list need not show whole distribution lists. */
const MAX_RECIPIENTS = 20;

/** A conversation, and its newest message in the view. */
export interface Head {
  thread_id: string;
  company_id: number;
  message_id: string;
}

/** A conversation to find by its id. */
type Sought = Pick<Head, "thread_id"> & { message_id: null };

type Flag = 0 | 1;

/** A message of a conversation, as JSON has it. */
type Summarized = [
  ...[from_address: string, from_name: string | null, direction: "inbound" | "outbound"],
  ...[has_attachments: Flag, is_read: Flag, is_starred: Flag, is_archived: Flag],
];

interface DetailsRow
  extends Pick<RowOf<typeof threads>, "company_id" | "account_id" | "message_count" | "version" | "subject">,
    Pick<
      RowOf<typeof messages>,
      "from_address" | "from_name" | "to_addresses" | "snippet" | "direction" | "folder" | "sent_at"
    > {
  thread_id: string;
  account_email: string;
  /** The newest message of the view. */
  message_id: string;
  /** JSON of the newest messages: `Summarized[]`. */
  newest: string;
}

/** Selects columns of the newest messages `m` of thread `t` with the caller's entries `e`, newest first. */
export const newestOf = (userId: number, hidden: SQL, columns: SQL, limit: number): SQL => sql`
  SELECT ${columns}, coalesce(e.is_read, 0) AS is_read, coalesce(e.is_starred, 0) AS is_starred,
    coalesce(e.is_archived, 0) AS is_archived
  FROM ems_messages m LEFT JOIN ems_inbox_entries e ON e.user_id = ${userId} AND e.message_id = m.id
  WHERE m.thread_id = t.id AND m.hidden = ${hidden} ORDER BY m.sent_at DESC, m.id DESC LIMIT ${limit}`;

/**
 * Selects conversations in no order.
 * @param isChecked looks for the newest message of the view. In a list that is read from its top it is known.
 */
export function selectDetails(
  ctx: UserCtx,
  view: View,
  heads: (Head | Sought)[],
  isChecked: boolean,
): SQL<DetailsRow> {
  const { user_id } = ctx.user;
  const hidden = hiddenOf(view);
  const json = JSON.stringify(heads.map(({ thread_id, message_id }) => [thread_id, message_id]));
  const newestInView = sql`
    SELECT page.id FROM (
      SELECT id, folder FROM ems_messages WHERE thread_id = t.id AND hidden = ${hidden}
      ORDER BY sent_at DESC, id DESC LIMIT ${NEWEST}) page
    LEFT JOIN ems_inbox_entries e ON e.user_id = ${user_id} AND e.message_id = page.id
    WHERE ${isInView(view)} LIMIT 1`;
  const columns = sql`m.from_address, m.from_name, m.direction, m.has_attachments`;
  return sql`
    SELECT t.id AS thread_id, t.company_id, t.account_id, a.email_address AS account_email, t.subject, t.version,
      iif(${hidden}, t.hidden_count, t.message_count) AS message_count, h.id AS message_id,
      h.from_address, h.from_name, h.to_addresses, h.snippet, h.direction, h.folder, h.sent_at,
      (SELECT json_group_array(json_array(
          from_address, from_name, direction, has_attachments, is_read, is_starred, is_archived))
        FROM (${newestOf(user_id, hidden, columns, SUMMARIZED)})) AS newest
    FROM json_each(${json}) j CROSS JOIN ems_threads t ON t.id = j.value ->> 0
    CROSS JOIN ems_accounts a ON a.id = t.account_id
    CROSS JOIN ems_messages h ON h.id = ${isChecked ? sql`coalesce((${newestInView}), j.value ->> 1)` : sql`j.value ->> 1`}
    WHERE +t.company_id ${inCompanies(ctx)}`;
}

/**
 * Reads conversations in the order of their heads, without those whose newest message in the view is another one: they
 * are further up in the list.
 * @param isChecked as `selectDetails`
 */
export async function readDetails(
  ctx: UserCtx,
  view: View,
  heads: Head[],
  isChecked: boolean,
): Promise<Conversation[]> {
  const groups =
    ctx.db.parts === 1 ? [heads] : [...Map.groupBy(heads, ({ company_id }) => company_id).values()];
  const read = async (group: Head[]) => {
    const [first] = group;
    if (!first) return [];
    const { db } = ctx.db.parts === 1 ? ctx : ofCompany(ctx, first.company_id);
    return db.all(selectDetails(ctx, view, group, isChecked));
  };
  const rows = (await Promise.all(groups.map(read))).flat();
  const found = new Map(rows.map((row) => [row.thread_id, row]));
  return heads.flatMap(({ thread_id, message_id }) => {
    const row = found.get(thread_id);
    return row?.message_id === message_id ? toConversation(row) : [];
  });
}

/** Makes a conversation of its row. */
export function toConversation(row: DetailsRow): Conversation {
  const newest: Summarized[] = JSON.parse(row.newest);
  const inbound = newest.filter(([, , direction]) => direction === "inbound");
  const senders = Map.groupBy(newest, ([email]) => email.toLowerCase());
  return {
    thread_id: row.thread_id,
    email_account_id: row.account_id,
    account_email: row.account_email,
    company_id: row.company_id,
    subject: row.subject,
    message_count: row.message_count,
    version: row.version,
    last_message_at: toIso(row.sent_at),
    message: {
      id: row.message_id,
      from_address: row.from_address,
      from_name: row.from_name,
      to_addresses: JSON.parse(row.to_addresses).slice(0, MAX_RECIPIENTS),
      snippet: row.snippet,
      direction: row.direction,
      folder: row.folder,
      sent_at: toIso(row.sent_at),
    },
    participants: [...senders.values()]
      .slice(0, MAX_PARTICIPANTS)
      .flatMap(([sender]) => (sender ? { name: sender[1], email: sender[0] } : [])),
    has_attachments: newest.some(([, , , hasAttachments]) => hasAttachments === 1),
    unread_count: newest.filter(([, , , , isRead]) => isRead === 0).length,
    is_starred: newest.some(([, , , , , isStarred]) => isStarred === 1),
    is_archived: (inbound.length > 0 ? inbound : newest).every(
      ([, , , , , , isArchived]) => isArchived === 1,
    ),
  };
}
