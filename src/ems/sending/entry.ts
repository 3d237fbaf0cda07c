import { type SQL, sql } from "drizzle-orm/sql";
import { sha256Hex } from "../../lib/hmac.ts";
import { toIso } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { log } from "../../platform/log.ts";
import type { StoredFile } from "../attachments/outgoing.ts";
import { batch, type Ctx } from "../context.ts";
import { notifyHub } from "../events/hub-client.ts";
import { appendEvents } from "../events/log.ts";
import { overflow } from "../garbage.ts";
import { enqueueJob } from "../jobs.ts";
import type { OutgoingMail } from "../provider/port.ts";
import type { outbox } from "../schema/sending.ts";
import type { OutboxResponse, OutboxState } from "./schemas.ts";

export type OutboxRow = RowOf<typeof outbox>;

/** A mail as it will leave. It is kept as it is until it has: a repetition must be the same, byte for byte. */
export interface StoredMail extends Omit<OutgoingMail, "attachments" | "marker"> {
  /** Ours alone: no provider takes a text beside the HTML. */
  text: string | null;
  files: StoredFile[];
}

/** The columns that hold a mail; a large one is in R2 when this returns. */
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

/** By which two mails are told to be the same. */
export const digestOf = (mail: StoredMail): Promise<string> => sha256Hex(JSON.stringify(mail));

/** @throws Error when it is gone, which it is only once it has been sent */
export async function loadMail({ env }: Ctx, { id, mail, mail_key }: OutboxRow): Promise<StoredMail> {
  if (mail !== null) return JSON.parse(mail);
  const object = mail_key === null ? null : await env.ATTACHMENTS.get(mail_key);
  if (!object) throw new Error(`The mail of outbox entry ${id} is gone`);
  return await object.json<StoredMail>();
}

/**
 * Moves an entry from one state to another, for whoever is first. Its sender's screens are told in the same batch,
 * unless it only begins to be sent.
 * @param expected the entry as it was read: when it has changed since, nothing happens
 * @param changes of columns, besides the state
 * @returns the entry as it is now; undefined when somebody else was first
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

/** Each state of each attempt is told once. */
const outboxEvent = (id: string, condition: SQL): SQL =>
  appendEvents(sql`
    SELECT company_id, user_id, 'outbox.updated', thread_id, message_id, NULL,
      'outbox.updated/' || id || '/' || attempts || '/' || state
    FROM ems_outbox WHERE id = ${id} AND ${condition}`);

/**
 * The statement that deletes the draft which an entry has taken over, if that still says what the entry does. It
 * belongs into the batch that sends the entry, or has it wait.
 */
export const removeDraftOf = (id: string): SQL => sql`
  DELETE FROM ems_drafts
  WHERE id = (SELECT draft_id FROM ems_outbox WHERE id = ${id} AND state IN ('queued', 'sent'))
    AND version = (SELECT draft_version FROM ems_outbox WHERE id = ${id})`;

/**
 * The statements by which an entry is sent, and its draft is gone. They belong into the batch that stores the
 * message. A sender who waits for the answer needs no event.
 * @param messageId nothing happens where that is the id of no message; null for one that is gone already
 */
export const setSent = (id: string, messageId: string | null): SQL[] => [
  sql`
    UPDATE ems_outbox SET state = 'sent', message_id = ${messageId}, mail = NULL, mail_key = NULL, detail = NULL,
      due_at = NULL, updated_at = unixepoch()
    WHERE id = ${id} AND (${messageId} IS NULL OR EXISTS (SELECT 1 FROM ems_messages WHERE id = ${messageId}))`,
  removeDraftOf(id),
  outboxEvent(id, sql`state = 'sent' AND (attempts > 1 OR send_at > created_at)`),
];

export async function findEntry({ db }: Ctx, id: string): Promise<OutboxRow | undefined> {
  const [row] = await db.all(sql<OutboxRow>`SELECT * FROM ems_outbox WHERE id = ${id}`);
  return row;
}

/** Has a job look at an entry. If the job is lost, cron finds the entry by its due time. */
export const enqueue = (ctx: Ctx, id: string, delaySeconds: number): Promise<void> =>
  enqueueJob(ctx, { type: "outbox", id }, delaySeconds);

/** A mail of an account has come back: perhaps it is one of which it is not known whether it was sent. */
export async function enqueueUnknown(ctx: Ctx, accountId: string): Promise<void> {
  try {
    const rows = await ctx.db.all(sql<{ id: string }>`
      SELECT id FROM ems_outbox WHERE account_id = ${accountId} AND state = 'unknown' AND due_at IS NOT NULL LIMIT 10`);
    for (const { id } of rows) await enqueue(ctx, id, 0);
  } catch (error) {
    log("warn", "outbox.not_enqueued", { accountId, error });
  }
}

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
