import { sha256Hex } from "../../lib/hmac.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { batch, type Ctx } from "../context.ts";
import { appendEvents } from "../events/log.ts";
import { isProviderError, type ProviderMessage } from "../provider/port.ts";
import type { departures } from "../schema/deleted.ts";
import type { messages } from "../schema/mail.ts";
import { loadBody } from "./bodies.ts";
import { planFiles, selectFiles, writeFiles } from "./files.ts";
import type { MailAccount } from "./state.ts";

// Some providers give a mail a new id when it moves to another folder. They report a creation and a deletion, in
// any order. For users it is the same mail: it keeps its id, thread and state. Equal Message-IDs can also be real
// copies, such as a mail to oneself. We ask the provider to tell them apart.

/** Most mails compared per Message-ID: some devices use one for everything they send. */
const LOOKED_AT = 20;
/** How long after a copy arrived a deletion of the original counts as the second half of a move. */
const MOVE_SECONDS = 900;
/** How long a deleted mail may return under another id. */
export const RESTORE_SECONDS = 3600;

type MessageRow = RowOf<typeof messages>;

/** The fields that are equal when two ids are one mail. */
interface Mail {
  internet_message_id: string | null | undefined;
  from_address: string | undefined;
  subject: string | undefined;
  sent_at: number | undefined;
}

const isSameMail = ({ from_address, subject, sent_at }: Mail): SQL =>
  sql`from_address = ${from_address ?? ""} AND subject = ${subject ?? ""} AND sent_at = ${sent_at ?? -1}`;

const selectAlike = (accountId: string, mail: Mail): SQL<MessageRow> => sql`
  SELECT * FROM (
    SELECT * FROM ems_messages
    WHERE account_id = ${accountId} AND internet_message_id = ${mail.internet_message_id ?? ""}
    ORDER BY rowid DESC LIMIT ${LOOKED_AT}) WHERE ${isSameMail(mail)}`;

/** A message deleted less than an hour ago, with its users' state. */
export type RecentlyDeleted = Pick<
  RowOf<typeof departures>,
  "message_id" | "thread_id" | "created_at" | "entries" | "sent_by"
>;

const mailOf = ({ internet_message_id, from, subject, date }: ProviderMessage): Mail => ({
  internet_message_id,
  from_address: from?.email,
  subject,
  sent_at: date,
});

/**
 * Selects the stored message that may be this one under an earlier id, and whether that id is known to be deleted.
 */
export const selectMoveCandidate = (
  account: MailAccount,
  message: ProviderMessage,
): SQL<MessageRow & { is_gone: number }> => sql`
  SELECT m.*, EXISTS (
    SELECT 1 FROM ems_tombstones t
    WHERE t.account_id = m.account_id AND t.provider_message_id = m.provider_message_id
      AND t.deleted_at >= m.observed_at) AS is_gone
  FROM (${selectAlike(account.id, mailOf(message))} AND provider_message_id <> ${message.id} LIMIT 1) m`;

/** Selects the same mail if it was deleted less than an hour ago. */
export const selectRecentlyDeleted = (
  account: MailAccount,
  message: ProviderMessage,
): SQL<RecentlyDeleted> => sql`
  SELECT message_id, thread_id, created_at, entries, sent_by FROM ems_departures
  WHERE account_id = ${account.id} AND internet_message_id = ${message.internet_message_id ?? ""}
    AND ${isSameMail(mailOf(message))} AND departed_at > unixepoch() - ${RESTORE_SECONDS}
    AND NOT EXISTS (SELECT 1 FROM ems_messages WHERE id = message_id) LIMIT 1`;

/** A stored message whose id may have changed. */
export type MoveCandidate = Pick<MessageRow, "provider_message_id" | "body_digest" | "attachment_count"> & {
  is_gone: number;
};

/**
 * Whether a stored message is now this one. If the provider has both, or does not answer, they count as two. A
 * later deletion of the first still merges them (see `mergeMoved`).
 * @throws ProviderError when the provider's rate limit is reached
 */
export async function isMoved(
  ctx: Ctx,
  { grant_id }: MailAccount,
  candidate: MoveCandidate,
  { body, attachments }: ProviderMessage,
): Promise<boolean> {
  if (attachments && attachments.length !== candidate.attachment_count) return false;
  if (body !== undefined && candidate.body_digest && (await sha256Hex(body)) !== candidate.body_digest)
    return false;
  if (candidate.is_gone) return true;
  if (!grant_id) return false;
  try {
    return (await ctx.providerOf({ grant_id }).getMessage(grant_id, candidate.provider_message_id)) === null;
  } catch (error) {
    if (!isProviderError(error) || error.fault === "rate_limited") throw error;
    return false;
  }
}

/** Restores the users' state of a message that `cause` has stored again. */
export const restore = ({ message_id, entries }: RecentlyDeleted, cause: string): SQL[] => [
  sql`
    INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, folder,
      is_read, is_starred, is_archived, read_at)
    SELECT value ->> 'user_id', m.id, m.company_id, m.account_id, m.sent_at, m.folder, value ->> 'is_read',
      value ->> 'is_starred', value ->> 'is_archived', value ->> 'read_at'
    FROM json_each(${entries}) JOIN ems_messages m ON m.id = ${message_id} AND m.applied_by = ${cause} WHERE true
    ON CONFLICT (user_id, message_id) DO NOTHING`,
  sql`
    DELETE FROM ems_departures WHERE message_id = ${message_id} AND EXISTS (
      SELECT 1 FROM ems_messages WHERE id = ${message_id} AND applied_by = ${cause})`,
];

/** Keeps the users' state of messages that are about to be deleted. */
export const recordDeletion = (doomed: SQL): SQL => sql`
  INSERT INTO ems_departures (message_id, account_id, internet_message_id, from_address, subject, sent_at, thread_id,
    created_at, sent_by, entries, departed_at)
  SELECT id, account_id, internet_message_id, from_address, subject, sent_at, thread_id, created_at, sent_by, (
    SELECT json_group_array(json_object('user_id', user_id, 'is_read', is_read, 'is_starred', is_starred,
      'is_archived', is_archived, 'read_at', read_at))
    FROM ems_inbox_entries WHERE message_id = ems_messages.id), unixepoch()
  FROM ems_messages WHERE ${doomed} AND internet_message_id IS NOT NULL
  ON CONFLICT (message_id) DO UPDATE SET entries = excluded.entries, departed_at = excluded.departed_at`;

/**
 * Merges two messages when the deletion of the first shows that it was moved and became the second. The first
 * keeps its row and takes the second's provider id; the second is deleted.
 * @param providerId the first's
 * @param deletedAt in milliseconds
 * @returns false when there is no second message
 * @throws Error when one of the two changed concurrently; the caller retries
 */
export async function mergeMoved(
  ctx: Ctx,
  account: MailAccount,
  providerId: string,
  deletedAt: number,
): Promise<boolean> {
  const [first] = await ctx.db.all(sql<MessageRow>`
    SELECT * FROM ems_messages WHERE account_id = ${account.id} AND provider_message_id = ${providerId}
      AND observed_at <= ${deletedAt} AND internet_message_id IS NOT NULL`);
  if (!first) return false;
  const [second] = await ctx.db.all(sql<MessageRow>`
    SELECT * FROM (${selectAlike(account.id, first)}) WHERE id > ${first.id}
      AND created_at > unixepoch() - ${MOVE_SECONDS} AND attachment_count = ${first.attachment_count}
      AND coalesce(body_digest, ${first.body_digest}) IS ${first.body_digest} LIMIT 1`);
  if (!second) return false;
  const [files, newFiles] = await batch(ctx, [selectFiles(sql`${first.id}`), selectFiles(sql`${second.id}`)]);
  const attachments = newFiles.map(({ provider_attachment_id: id, ...file }) => ({ ...file, id }));
  const plan = await planFiles(files, attachments, async () => (await loadBody(ctx, first)).body_html);
  const cause = `merged/${second.id}/${second.applied_by}`.slice(0, 200);
  const isUnchanged = sql`
    EXISTS (SELECT 1 FROM ems_messages WHERE id = ${first.id} AND applied_by = ${first.applied_by})
    AND EXISTS (SELECT 1 FROM ems_messages WHERE id = ${second.id} AND applied_by = ${second.applied_by})`;
  const results = await batch(ctx, [
    sql`
      INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, folder,
        is_read, is_starred, is_archived, read_at)
      SELECT e.user_id, m.id, m.company_id, m.account_id, m.sent_at, m.folder, e.is_read, e.is_starred, e.is_archived,
        e.read_at
      FROM ems_inbox_entries e JOIN ems_messages m ON m.id = ${first.id}
      WHERE e.message_id = ${second.id} AND ${isUnchanged}
      ON CONFLICT (user_id, message_id) DO UPDATE SET
        is_read = max(is_read, excluded.is_read), is_starred = max(is_starred, excluded.is_starred),
        is_archived = max(is_archived, excluded.is_archived), read_at = coalesce(read_at, excluded.read_at)`,
    appendEvents(sql`
      SELECT company_id, NULL, 'message.deleted', thread_id, id, NULL, 'message.deleted/' || id || '/' || applied_by
      FROM ems_messages WHERE id = ${second.id} AND ${isUnchanged}
      UNION ALL
      SELECT company_id, NULL, 'thread.updated', thread_id, id, NULL, 'thread.shrunk/' || id || '/' || applied_by
      FROM ems_messages WHERE id = ${second.id} AND ${isUnchanged}`),
    sql`
      UPDATE ems_messages SET folder = s.folder, sent_by = coalesce(ems_messages.sent_by, s.sent_by),
        observed_at = max(ems_messages.observed_at, s.observed_at),
        applied_by = ${cause}
      FROM ems_messages s
      WHERE ems_messages.id = ${first.id} AND s.id = ${second.id} AND ${isUnchanged} RETURNING ems_messages.id`,
    sql`
      DELETE FROM ems_messages WHERE id = ${second.id}
        AND EXISTS (SELECT 1 FROM ems_messages WHERE id = ${first.id} AND applied_by = ${cause})`,
    sql`
      UPDATE ems_messages SET provider_message_id = ${second.provider_message_id}
      WHERE id = ${first.id} AND applied_by = ${cause}`,
    ...writeFiles(first.id, cause, plan),
    appendEvents(sql`
      SELECT company_id, NULL, 'message.updated', thread_id, id, NULL, 'message.updated/' || id || '/' || applied_by
      FROM ems_messages WHERE id = ${first.id} AND applied_by = ${cause}`),
    sql`
      INSERT INTO ems_tombstones (account_id, provider_message_id, deleted_at)
      VALUES (${account.id}, ${providerId}, ${deletedAt})
      ON CONFLICT (account_id, provider_message_id) DO UPDATE SET deleted_at = max(deleted_at, excluded.deleted_at)`,
  ]);
  if (results.every((rows) => rows.length === 0)) {
    throw new Error(`Message ${providerId} changed while its deletion was applied`);
  }
  return true;
}
