import { uuidv7 } from "../../lib/ids.ts";
import { nowSeconds } from "../../lib/time.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { assign, type Changes, insertInto, type NewRow } from "../../platform/d1/write.ts";
import { appendEvents } from "../events/log.ts";
import type { messages } from "../schema/mail.ts";
import type { BodyColumns } from "./bodies.ts";
import type { StoredMessage } from "./existing.ts";
import { type RecentlyDeleted, restore } from "./moves.ts";
import type { MailAccount, Observed, State } from "./state.ts";
import { isBeforeSweeps, suspectCreated } from "./suspects.ts";
import { answeredThread, connect, findThread, hasNoThread, type ThreadKeys } from "./threading.ts";
import type { MessageUpdate } from "./update.ts";

/** The message columns to write; body columns only when the body is new. */
export type Columns = State & Partial<BodyColumns> & Partial<Observed>;

/** The statements that update a stored message. @param stored as read; if it has changed since, nothing happens */
export function updateStatements(stored: StoredMessage, columns: Columns, update: MessageUpdate): SQL[] {
  const { observedAt, cause, silent, sent } = update;
  const changes: Changes<typeof messages> = {
    ...columns,
    provider_message_id: update.message.id,
    observed_at: Math.max(observedAt, stored.observed_at),
    applied_by: cause,
    ...(sent ? { sent_by: sent.userId } : {}),
    ...(sent?.threadId ? answered(sent.threadId) : {}),
  };
  // Race: another delivery may have changed the message since it was read. Then this one does nothing.
  const updateRow = sql`
    UPDATE ems_messages SET ${assign<typeof messages>(changes)}
    WHERE id = ${stored.id} AND applied_by = ${stored.applied_by} RETURNING id`;
  const eventOf = (type: string) => sql`
    SELECT company_id, NULL, ${type}, thread_id, id, NULL, ${type} || '/' || id || '/' || applied_by
    FROM ems_messages WHERE id = ${stored.id} AND applied_by = ${cause}`;
  const isRefiled = columns.folder !== stored.folder;
  const event = appendEvents(
    isRefiled
      ? sql`${eventOf("message.updated")} UNION ALL ${eventOf("thread.updated")}`
      : eventOf("message.updated"),
  );
  // Its Message-ID is new, so its references and the messages waiting for it can be connected.
  const isNamed = stored.internet_message_id === null && columns.internet_message_id !== null;
  const isRegrouped = stored.provider_thread_id !== columns.provider_thread_id;
  const keys = threadKeysOf({ id: stored.account_id }, columns, update);
  // Only the provider's thread id is new. The references were connected before.
  const newKeys = isNamed ? keys : { ...keys, internetMessageId: null, references: undefined };
  const connections = isNamed || isRegrouped ? connect(newKeys, stored.id, cause) : [];
  return [updateRow, ...connections, ...(silent ? [] : [event])];
}

/** Moves a reply of ours to its thread, unless that thread was merged or deleted since. */
const answered = (threadId: string): Changes<typeof messages> => ({
  thread_id: sql`coalesce(${answeredThread(threadId)}, thread_id)`,
  threaded_by: sql`iif(${answeredThread(threadId)} IS NULL, threaded_by, 'reply')`,
});

/**
 * The statements that insert a new message, and its thread if it needs one. Nothing happens if the message exists
 * by now.
 * @param recentlyDeleted the deleted message that this one restores, with its id
 */
export function insertStatements(
  id: string,
  account: MailAccount,
  columns: Columns,
  update: MessageUpdate,
  recentlyDeleted: RecentlyDeleted | undefined,
): SQL[] {
  const { message, observedAt, cause, silent, sent, isAnnounced } = update;
  const newThreadId = recentlyDeleted?.thread_id ?? uuidv7();
  const keys = threadKeysOf(account, columns, update);
  const { threadId, rule } = findThread(keys, sent?.threadId ?? null, newThreadId);
  const known = sql`account_id = ${account.id} AND provider_message_id = ${message.id}`;
  const insertThread = sql`
    INSERT INTO ems_threads
      (id, company_id, account_id, provider_thread_id, subject, first_message_at, last_message_at, created_at)
    SELECT ${newThreadId}, ${account.company_id}, ${account.id}, ${columns.provider_thread_id}, ${columns.subject},
      ${columns.sent_at}, ${columns.sent_at}, unixepoch()
    WHERE ${hasNoThread(keys, sent?.threadId ?? null)} AND NOT EXISTS (SELECT 1 FROM ems_messages WHERE ${known})
      AND NOT EXISTS (SELECT 1 FROM ems_threads WHERE id = ${newThreadId})`;
  const row: NewRow<typeof messages> = {
    ...columns,
    id,
    company_id: account.company_id,
    account_id: account.id,
    thread_id: threadId,
    thread_version: sql`1 + coalesce((SELECT version FROM ems_threads WHERE id = ${threadId}), 0)`,
    threaded_by: rule,
    provider_message_id: message.id,
    sent_by: sent?.userId ?? recentlyDeleted?.sent_by ?? null,
    created_at: recentlyDeleted?.created_at ?? nowSeconds(),
    observed_at: observedAt,
    applied_by: cause,
  };
  const insertMessage = sql`
    ${insertInto<typeof messages>("ems_messages", row)} ON CONFLICT DO NOTHING RETURNING id`;
  // A tombstone may have been written since it was looked up. Then remove the message again.
  const obeyDeletion = sql`
    DELETE FROM ems_messages WHERE id = ${id} AND EXISTS (
      SELECT 1 FROM ems_tombstones WHERE ${known} AND deleted_at >= ${observedAt})`;
  const forgetDeletion = sql`DELETE FROM ems_tombstones WHERE ${known} AND deleted_at < ${observedAt}`;
  // A restored message needs new causes: its first events exist already.
  const again = recentlyDeleted ? `/${cause}` : "";
  const isFirst = sql`(thread_id = ${newThreadId} AND thread_version <= 1)`;
  const events = appendEvents(sql`
    SELECT company_id, NULL, 'message.created', thread_id, id, NULL, 'message.created/' || id || ${again}
    FROM ems_messages WHERE id = ${id}
    UNION ALL
    SELECT company_id, NULL, iif(${isFirst}, 'thread.created', 'thread.updated'), thread_id, id, NULL,
      'thread.grown/' || id || ${again}
    FROM ems_messages WHERE id = ${id}`);
  return [
    insertThread,
    insertMessage,
    obeyDeletion,
    forgetDeletion,
    ...connect(keys, id, cause),
    ...(recentlyDeleted ? restore(recentlyDeleted, cause) : []),
    ...(isAnnounced && isBeforeSweeps(columns.sent_at) ? [suspectCreated(id)] : []),
    ...(silent ? [] : [events]),
  ];
}

const threadKeysOf = (
  account: Pick<MailAccount, "id">,
  columns: Columns,
  { message }: MessageUpdate,
): ThreadKeys => ({
  accountId: account.id,
  providerThreadId: columns.provider_thread_id,
  internetMessageId: columns.internet_message_id,
  references: message.references,
  subject: columns.subject,
});

/** The statements of a mail that one of our users sent. Its sender has read it. */
export const sentStatements = (
  id: string,
  account: MailAccount,
  { sent_at, folder }: State,
  { userId, alongside }: NonNullable<MessageUpdate["sent"]>,
): SQL[] => [
  sql`
    INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, folder, is_read, read_at)
    VALUES (${userId}, ${id}, ${account.company_id}, ${account.id}, ${sent_at}, ${folder}, 1, ${nowSeconds()})
    ON CONFLICT (user_id, message_id) DO UPDATE SET is_read = 1, read_at = excluded.read_at`,
  ...alongside(id),
];
