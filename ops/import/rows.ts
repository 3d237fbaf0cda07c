import { messageIdsIn } from "../../src/lib/message-ids.ts";
import type { Row } from "./source.ts";

// The rows of D1 for those of the source. JSON columns are texts, times are seconds, and flags are 0 or 1.

type Value = string | number | null;
type Stored = Record<string, Value>;

/** A time as PostgreSQL writes it in JSON, in seconds since the epoch. */
export const seconds = (time: string | null | undefined): number | null =>
  time ? Math.max(0, Math.floor(Date.parse(time) / 1000)) : null;

const flag = (value: unknown): number => (value ? 1 : 0);
const textOf = (value: unknown): string | null => (value == null ? null : JSON.stringify(value));

/** What Nylas calls the kinds of mailboxes that people name otherwise. */
const KINDS: Record<string, string> = {
  ...{ google: "google", gmail: "google", workspace: "google" },
  ...{ microsoft: "microsoft", outlook: "microsoft", office365: "microsoft", exchange: "microsoft" },
  ...{ icloud: "icloud", yahoo: "yahoo", ews: "ews" },
};

/** The kind of a grant, by the account's provider: any other host is IMAP. Replies depend on it. */
const kindOf = (provider: string | null | undefined): string | null =>
  provider ? (KINDS[provider.toLowerCase()] ?? "imap") : null;

/** An account. With a grant it is active at once: grants stay valid at the provider. */
export function accountRow(row: Row): Stored {
  const created_at = seconds(row.created_at) ?? Math.floor(Date.now() / 1000);
  const grant_id: string | null = row.grant_id ?? null;
  const isActive = grant_id !== null && row.status !== "disconnected";
  return {
    ...{ id: row.id, company_id: row.company_id, email_address: row.email_address },
    ...{ display_name: row.display_name ?? null, provider: row.provider ?? "email" },
    ...{ grant_id, grant_provider: row.grant_provider ?? kindOf(row.provider) },
    ...{ status: isActive ? "active" : "disconnected", proven_at: grant_id === null ? null : created_at },
    ...{ last_sync_at: seconds(row.last_sync_at), created_at },
  };
}

/** A thread. Triggers count its messages, and each of them adds one to its version. */
export const threadRow = (row: Row, company_id: number): Stored => ({
  ...{ id: row.id, company_id, account_id: row.account_id },
  ...{ provider_thread_id: row.provider_thread_id ?? null, subject: row.subject ?? "" },
  first_message_at: seconds(row.first_message_at ?? row.created_at) ?? 0,
  last_message_at: seconds(row.last_message_at ?? row.created_at) ?? 0,
  do_not_delete: flag(row.do_not_delete),
  version: earlierVersion(row),
  created_at: seconds(row.created_at) ?? 0,
});

/** The version of a thread before its first message. */
const earlierVersion = ({ version, message_count }: Row): number =>
  Math.max(0, (version ?? 0) - (message_count ?? 0));

/** A message without its body. @param nth its place in its thread. @param files how many attachments it has */
export function messageRow(row: Row, company_id: number, nth: number, files: number): Stored {
  const [messageId] = messageIdsIn(row.internet_message_id ?? "");
  const { state = null, detail = null, opened_count = 0, clicked_count = 0 } = row.delivery ?? {};
  const created_at = seconds(row.created_at) ?? 0;
  return {
    ...{ id: row.id, company_id, account_id: row.account_id, thread_id: row.thread_id },
    ...{ provider_message_id: row.provider_message_id, provider_thread_id: row.provider_thread_id ?? null },
    internet_message_id: messageId?.id ?? null,
    message_id_written: messageId && messageId.written !== messageId.id ? messageId.written : null,
    ...{ from_address: row.from_address ?? "", from_name: row.from_name ?? null },
    ...{ to_addresses: textOf(row.to_addresses ?? []), cc_addresses: textOf(row.cc_addresses) },
    ...{ bcc_addresses: textOf(row.bcc_addresses), reply_to_addresses: textOf(row.reply_to) },
    ...{ subject: row.subject ?? "", snippet: row.snippet ?? null },
    ...{ direction: row.direction, folder: row.folder ?? (row.direction === "outbound" ? "sent" : "inbox") },
    ...{ has_attachments: flag(row.has_attachments), attachment_count: files },
    ...{ threaded_by: row.threaded_by ?? "provider", thread_version: nth },
    ...{ delivery_state: state, delivery_detail: detail, opened_count, clicked_count },
    ...{ sent_at: seconds(row.sent_at) ?? created_at, created_at, observed_at: created_at * 1000 },
    applied_by: "import",
  };
}

/** @param nth its place among the attachments of its message with the same id at the provider */
export const attachmentRow = (row: Row, message: Row, company_id: number, nth: number): Stored => ({
  ...{ id: row.id, company_id, account_id: message.account_id, message_id: row.message_id },
  ...{ provider_attachment_id: row.provider_attachment_id, nth, filename: row.filename },
  ...{ content_type: row.content_type, size_bytes: row.size_bytes, content_id: row.content_id ?? null },
  ...{ is_inline: flag(row.is_inline), created_at: seconds(row.created_at ?? message.created_at) ?? 0 },
});

/** A user's state of a message. The rest of its row comes from the message. */
export const entryRow = (row: Row): Stored => ({
  ...{ user_id: row.user_id, message_id: row.message_id },
  ...{ is_read: flag(row.is_read), is_starred: flag(row.is_starred), is_archived: flag(row.is_archived) },
  read_at: seconds(row.read_at),
});
