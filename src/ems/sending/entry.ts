import { sha256Hex } from "../../lib/hmac.ts";
import { toIso } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import type { StoredFile } from "../attachments/outgoing.ts";
import { batch, type Ctx } from "../context.ts";
import { notifyHub } from "../events/hub-client.ts";
import { appendEvents } from "../events/log.ts";
import { overflow } from "../garbage.ts";
import { enqueueJob } from "../jobs.ts";
import type { OutgoingMail } from "../provider/port.ts";
import type { outbox } from "../schema/sending.ts";
import type { OutboxResponse, OutboxState } from "./responses.ts";

/** A row of ems_outbox. */
export type OutboxRow = RowOf<typeof outbox>;

/**
 * A mail ready to send. It stays unchanged until it is sent: a retry under the same key must be identical, byte
 * for byte.
 */
export interface StoredMail extends Omit<OutgoingMail, "attachments" | "marker"> {
  /** Kept only in our database: no provider accepts plain text beside the HTML. */
  text: string | null;
  files: StoredFile[];
}

/**
 * Stores a mail's content. A large mail is in R2 before this returns.
 * @returns the content columns of the outbox row
 */
export async function storeMail(
  ctx: Ctx,
  { company_id, id }: { company_id: number; id: string },
  mail: StoredMail,
): Promise<Pick<OutboxRow, "mail" | "mail_key" | "mail_digest">> {
  const json = JSON.stringify(mail);
  const bytes = new TextEncoder().encode(json);
  const mail_key = await overflow(ctx, company_id, bytes, () => `outbox/${company_id}/${id}.json`);
  return { mail: mail_key === null ? json : null, mail_key, mail_digest: await sha256Hex(json) };
}

/** SHA-256 (hex) of a mail's content. Equal digests mean the same mail. */
export const digestOf = (mail: StoredMail): Promise<string> => sha256Hex(JSON.stringify(mail));

/** Reads a mail's content. @throws Error when there is none, as after sending */
export async function loadMail({ env }: Ctx, { id, mail, mail_key }: OutboxRow): Promise<StoredMail> {
  if (mail !== null) return JSON.parse(mail);
  const object = mail_key === null ? null : await env.ATTACHMENTS.get(mail_key);
  if (!object) throw new Error(`The mail of outbox entry ${id} is gone`);
  return await object.json<StoredMail>();
}

/**
 * Moves an entry to another state by compare and set. The same batch appends an event for its sender, except for
 * `sending`.
 * @param expected the entry as read; if state or attempts have changed since, nothing happens
 * @param changes columns to set besides the state
 * @returns the entry as stored now; undefined when another caller was first
 */
export async function transition(
  ctx: Ctx,
  expected: Pick<OutboxRow, "id" | "state" | "attempts">,
  state: OutboxState,
  changes: SQL,
): Promise<OutboxRow | undefined> {
  const { id, attempts } = expected;
  const [[moved]] = await batch(ctx, [
    sql<OutboxRow>`
      UPDATE ems_outbox SET state = ${state}, updated_at = unixepoch(), ${changes}
      WHERE id = ${id} AND state = ${expected.state} AND attempts = ${attempts} RETURNING *`,
    ...(state === "sending" ? [] : [outboxEvent(id, sql`state = ${state}`)]),
  ]);
  if (moved && state !== "sending") notifyHub(ctx, moved.company_id);
  return moved;
}

/** Appends `outbox.updated` for the sender. The cause makes it unique per attempt and state. */
const outboxEvent = (id: string, condition: SQL): SQL =>
  appendEvents(sql`
    SELECT company_id, user_id, 'outbox.updated', thread_id, message_id, NULL,
      'outbox.updated/' || id || '/' || attempts || '/' || state
    FROM ems_outbox WHERE id = ${id} AND ${condition}`);

/**
 * Deletes the draft of an entry that is queued or sent, if the draft still has the entry's version. Run it in the
 * batch that queues or sends the entry.
 */
export const removeDraftOf = (id: string): SQL => sql`
  DELETE FROM ems_drafts
  WHERE id = (SELECT draft_id FROM ems_outbox WHERE id = ${id} AND state IN ('queued', 'sent'))
    AND version = (SELECT draft_version FROM ems_outbox WHERE id = ${id})`;

/**
 * Marks an entry as sent and deletes its draft. Run it in the batch that stores the message. A sender who waits
 * for the response gets no event.
 * @param messageId the message stored for it: without such a row nothing happens; null if it was deleted already
 */
export const setSent = (id: string, messageId: string | null): SQL[] => [
  sql`
    UPDATE ems_outbox SET state = 'sent', message_id = ${messageId}, mail = NULL, mail_key = NULL, detail = NULL,
      due_at = NULL, updated_at = unixepoch()
    WHERE id = ${id} AND (${messageId} IS NULL OR EXISTS (SELECT 1 FROM ems_messages WHERE id = ${messageId}))`,
  removeDraftOf(id),
  outboxEvent(id, sql`state = 'sent' AND (attempts > 1 OR send_at > created_at)`),
];

/** @returns an outbox entry by id, with all its columns */
export async function findEntry({ db }: Ctx, id: string): Promise<OutboxRow | undefined> {
  const [row] = await db.all(sql<OutboxRow>`SELECT * FROM ems_outbox WHERE id = ${id}`);
  return row;
}

/** Enqueues a job for an entry. If the job is lost, cron finds the entry by its due time. */
export const enqueue = (
  ctx: Ctx,
  { id, company_id }: Pick<OutboxRow, "id" | "company_id">,
  delaySeconds: number,
): Promise<void> => enqueueJob(ctx, { type: "outbox", company_id, id }, delaySeconds);

/**
 * Enqueues an account's entries of unknown outcome. Call it for a new outbound message, which may be one of them.
 */
export async function enqueueUnknown(ctx: Ctx, accountId: string): Promise<void> {
  try {
    const rows = await ctx.db.all(sql<Pick<OutboxRow, "id" | "company_id">>`
      SELECT id, company_id FROM ems_outbox WHERE account_id = ${accountId} AND state = 'unknown' AND due_at IS NOT NULL LIMIT 10`);
    for (const row of rows) await enqueue(ctx, row, 0);
  } catch (error) {
    log("warn", "outbox.not_enqueued", { account: accountId, error });
  }
}

/** The API's form of an entry, without the mail's content. */
export const toResponse = (row: OutboxRow): OutboxResponse => ({
  id: row.id,
  state: row.state,
  company_id: row.company_id,
  email_account_id: row.account_id,
  user_id: row.user_id,
  subject: row.subject,
  to: JSON.parse(row.to_addresses),
  thread_id: row.thread_id,
  message_id: row.message_id,
  send_at: toIso(row.send_at),
  attempts: row.attempts,
  detail: row.detail,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
});
