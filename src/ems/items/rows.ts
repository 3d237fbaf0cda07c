import { toIso, toIsoOrNull } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import type { inboxEntries } from "../schema/inbox.ts";
import type { messages, threads } from "../schema/mail.ts";
import type { InboxItemResponse, ThreadSummary } from "./responses.ts";

/** The user's state of a message: 0 and 1 for flags. */
export type StateRow = Pick<RowOf<typeof inboxEntries>, "is_read" | "is_starred" | "is_archived" | "read_at">;

/** The columns that an inbox item shows of a message, beside its id and `sent_at`. */
export const MESSAGE_COLUMNS = [
  ...(["account_id", "thread_id", "from_address", "from_name", "subject", "snippet"] as const),
  ...(["direction", "folder", "has_attachments", "created_at"] as const),
];

/** What an inbox item shows of a message and its thread; `at` is when it was sent. */
export type ItemMessageRow = Pick<RowOf<typeof messages>, "id" | (typeof MESSAGE_COLUMNS)[number]> & {
  at: number;
  thread_subject: string;
  thread_message_count: number;
};

/** @param id the user's entry id for the message */
export const toItem = (
  id: string,
  row: ItemMessageRow & StateRow,
  account_email: string,
): InboxItemResponse => ({
  id,
  is_read: row.is_read === 1,
  is_starred: row.is_starred === 1,
  is_archived: row.is_archived === 1,
  read_at: toIsoOrNull(row.read_at),
  created_at: toIso(row.created_at),
  message: {
    id: row.id,
    thread_id: row.thread_id,
    from_address: row.from_address,
    from_name: row.from_name,
    subject: row.subject,
    snippet: row.snippet,
    direction: row.direction,
    folder: row.folder,
    has_attachments: row.has_attachments === 1,
    sent_at: toIso(row.at),
  },
  thread_subject: row.thread_subject,
  thread_message_count: row.thread_message_count,
  account_email,
});

/** What a list shows of a thread; `at` is its last message's time. */
export type ThreadRow = Pick<
  RowOf<typeof threads>,
  "id" | "subject" | "message_count" | "do_not_delete" | "created_at" | "version"
> & {
  at: number;
  email_account_id: string;
};

export const toSummary = ({ at, do_not_delete, created_at, ...row }: ThreadRow): ThreadSummary => ({
  ...row,
  last_message_at: toIso(at),
  do_not_delete: do_not_delete === 1,
  created_at: toIso(created_at),
});
