import { ServiceError } from "../../lib/errors.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { nowSeconds } from "../../lib/time.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import { batch, inCompanies, ofCompany, type UserCtx } from "../context.ts";
import type { MessageResponse } from "../messages/responses.ts";
import { getMessage } from "../messages/service.ts";
import type { ProviderError } from "../provider/port.ts";
import { claimVersion, releaseVersion } from "../threads/version.ts";
import { type Attempt, claimAndSend, LEASE_SECONDS, sendClaimed } from "./attempt.ts";
import {
  digestOf,
  enqueue,
  findEntry,
  type OutboxRow,
  removeDraftOf,
  type StoredMail,
  storeMail,
  toResponse,
  transition,
} from "./entry.ts";
import type { OutboxResponse } from "./responses.ts";

/** A mail to put into the outbox. */
export interface Submission {
  company_id: number;
  account_id: string;
  mail: StoredMail;
  /** The thread that it replies in. */
  thread_id: string | null;
  /** The thread version the sender has seen; null to skip that check. */
  seen: number | null;
  /** When to send it, in seconds since the epoch; null for at once. */
  send_at: number | null;
  idempotencyKey: string | null;
  /** The draft it was written as; null for a mail that was never a draft. */
  draft: SentDraft | null;
}

/** The draft to send, in the version whose content the mail has. */
export interface SentDraft {
  id: string;
  version: number;
  /** Sends this version even if an earlier version was or may have been sent. */
  again: boolean;
}

/** How long an Idempotency-Key identifies one mail. */
const KEY_SECONDS = 24 * 3600;

/**
 * Puts a mail into the outbox, and sends it unless it is due later. A reused Idempotency-Key, or a draft already
 * sent by anyone, resumes the existing entry. So neither ever creates two mails.
 * @returns the stored message once the provider has accepted the mail, or the entry while it waits
 * @throws ServiceError conflict when the thread has a newer version, or another request is sending the mail;
 *   conflict when an earlier version of the draft was or may have been sent, or the mailbox is disconnected;
 *   key_reused for another mail under the same key; provider_failed when the provider fails or the outcome is
 *   unknown
 */
export async function submit(
  caller: UserCtx,
  submission: Submission,
): Promise<{ message: MessageResponse } | { waiting: OutboxResponse }> {
  const ctx = ofCompany(caller, submission.company_id);
  const { draft, idempotencyKey } = submission;
  const before = draft ? await findByDraft(ctx, draft) : await findByKey(ctx, idempotencyKey);
  if (before) return resumeEntry(ctx, before, submission);
  const entry = await insertEntry(ctx, submission);
  if (!entry) throw new ServiceError("conflict", "Another request is sending this mail now");
  if (entry.state === "sending") return toResult(ctx, await keepAlive(ctx, sendClaimed(ctx, entry, false)));
  // If the queue fails, cron finds the entry by its due time.
  const wait = entry.send_at - nowSeconds();
  await enqueue(ctx, entry, wait).catch((error) => log("warn", "outbox.not_enqueued", { error }));
  return { waiting: toResponse(entry) };
}

async function findByKey(ctx: UserCtx, key: string | null): Promise<OutboxRow | undefined> {
  if (key === null) return undefined;
  const [row] = await ctx.db.all(sql<OutboxRow>`
    SELECT * FROM ems_outbox WHERE user_id = ${ctx.user.user_id} AND idempotency_key = ${key}
      AND created_at > unixepoch() - ${KEY_SECONDS} AND +company_id ${inCompanies(ctx)}`);
  return row;
}

/**
 * Finds the entry of a draft from any sender, unless nothing was sent for certain.
 * @throws ServiceError conflict for an entry of another version, unless `again` is set
 */
async function findByDraft(ctx: UserCtx, { id, version, again }: SentDraft): Promise<OutboxRow | undefined> {
  const [row] = await ctx.db.all(sql<OutboxRow>`
    SELECT * FROM ems_outbox WHERE draft_id = ${id} AND state NOT IN ('failed', 'cancelled')
      AND +company_id ${inCompanies(ctx)}`);
  if (!row || row.draft_version === version) return row;
  if (again) return undefined;
  const { id: outbox_id, state, message_id } = row;
  const known =
    state === "sent" ? "was sent" : state === "queued" ? "waits to be sent" : "may have been sent";
  const detail = `Not sent: an earlier version of this draft ${known}; "again": true sends this one as well`;
  throw new ServiceError("conflict", detail, { details: { outbox_id, state, message_id } });
}

/** Returns the outcome of an earlier entry. Retries it if it failed. @throws ServiceError as `submit` */
async function resumeEntry(ctx: UserCtx, entry: OutboxRow, { mail, draft }: Submission) {
  // Two users who send one draft version may differ in display name, so drafts skip the digest check.
  if (!draft && (await digestOf(mail)) !== entry.mail_digest) {
    throw new ServiceError("key_reused", "This Idempotency-Key was used for another mail");
  }
  if (entry.state === "queued") return { waiting: toResponse(entry) };
  if (entry.state === "cancelled") throw new ServiceError("conflict", "This mail was cancelled");
  if (entry.state === "sent") return toResult(ctx, { entry, error: null });
  const taken =
    entry.state === "failed"
      ? await retryFailed(ctx, entry)
      : isClaimable(entry)
        ? await claimAndSend(ctx, entry)
        : undefined;
  if (!taken) throw new ServiceError("conflict", "Another request is sending this mail now");
  return toResult(ctx, taken);
}

const isClaimable = ({ state, due_at }: OutboxRow): boolean =>
  state === "unknown" || (due_at !== null && due_at <= nowSeconds());

/** Retries a failed entry under a new key, because the provider replays the old error by key. */
async function retryFailed(ctx: UserCtx, entry: OutboxRow): Promise<Attempt | undefined> {
  const { thread_id, thread_version } = entry;
  if (thread_id && thread_version !== null) await claimVersion(ctx, thread_id, thread_version);
  const claimed = await transition(
    ctx,
    entry,
    "sending",
    sql`provider_key = ${uuidv7()}, attempts = attempts + 1, tried_at = unixepoch(), due_at = unixepoch() + ${LEASE_SECONDS}`,
  );
  return claimed && keepAlive(ctx, sendClaimed(ctx, claimed, false));
}

/**
 * Claims the thread version and writes the entry. Releases the claim if no entry was written.
 * @returns undefined when a concurrent request used the same Idempotency-Key or sent the draft
 * @throws ServiceError conflict when the thread has a newer version
 */
async function insertEntry(ctx: UserCtx, submission: Submission): Promise<OutboxRow | undefined> {
  const { company_id, mail, thread_id, seen } = submission;
  const id = uuidv7();
  const stored = await storeMail(ctx, { company_id, id }, mail);
  if (!thread_id || seen === null) return writeEntry(ctx, id, submission, stored);
  await claimVersion(ctx, thread_id, seen);
  let entry: OutboxRow | undefined;
  try {
    entry = await writeEntry(ctx, id, submission, stored);
  } catch (error) {
    // The write may have committed although its answer was lost. Then the entry holds the claim.
    if (!(await findEntry(ctx, id))) await releaseVersion(ctx, company_id, thread_id, seen);
    throw error;
  }
  if (!entry) await releaseVersion(ctx, company_id, thread_id, seen);
  return entry;
}

async function writeEntry(
  ctx: UserCtx,
  id: string,
  submission: Submission,
  stored: Awaited<ReturnType<typeof storeMail>>,
): Promise<OutboxRow | undefined> {
  const { company_id, account_id, mail, thread_id, seen, send_at, idempotencyKey, draft } = submission;
  const { user_id } = ctx.user;
  const now = nowSeconds();
  const isWaiting = send_at !== null && send_at > now;
  const forwarded = mail.files.flatMap(({ key }) => (isAttachment(key) ? [key] : []));
  const [, , [entry]] = await batch(ctx, [
    sql`
      UPDATE ems_outbox SET idempotency_key = NULL
      WHERE user_id = ${user_id} AND idempotency_key = ${idempotencyKey} AND created_at <= ${now - KEY_SECONDS}`,
    sql`
      UPDATE ems_outbox SET draft_id = NULL WHERE draft_id = ${draft?.id ?? null}
        AND (state IN ('failed', 'cancelled') OR (${draft?.again ?? false} AND draft_version <> ${draft?.version ?? null}))`,
    sql<OutboxRow>`
      INSERT INTO ems_outbox (id, company_id, account_id, user_id, state, provider_key, idempotency_key, draft_id,
        draft_version, mail, mail_key, mail_digest, subject, to_addresses, thread_id, thread_version, send_at, tried_at,
        attempts, due_at, created_at, updated_at)
      VALUES (${id}, ${company_id}, ${account_id}, ${user_id}, ${isWaiting ? "queued" : "sending"}, ${id},
        ${idempotencyKey}, ${draft?.id ?? null}, ${draft?.version ?? null}, ${stored.mail}, ${stored.mail_key},
        ${stored.mail_digest}, ${mail.subject}, ${JSON.stringify(mail.to)}, ${thread_id}, ${seen},
        ${isWaiting ? send_at : now}, ${isWaiting ? null : now}, ${isWaiting ? 0 : 1},
        ${isWaiting ? send_at : now + LEASE_SECONDS}, ${now}, ${now})
      ON CONFLICT DO NOTHING RETURNING *`,
    ...(draft && isWaiting ? [removeDraftOf(id)] : []),
    ...(forwarded.length ? [holdFiles(id, forwarded)] : []),
  ]);
  return entry;
}

/**
 * Uploads outlive any scheduled mail. A received attachment may be deleted with its message before the mail is
 * sent.
 */
const isAttachment = (key: string): boolean => key.startsWith("attachments/");

const holdFiles = (id: string, keys: string[]): SQL => sql`
  INSERT INTO ems_outbox_files (key, outbox_id)
  SELECT j.value, o.id FROM json_each(${JSON.stringify(keys)}) j CROSS JOIN ems_outbox o ON o.id = ${id} WHERE true
  ON CONFLICT DO NOTHING`;

/** Keeps the send running when the caller disconnects. */
function keepAlive<T>(ctx: UserCtx, work: Promise<T>): Promise<T> {
  ctx.defer(work.catch(() => {}));
  return work;
}

async function toResult(ctx: UserCtx, { entry, error }: Attempt): Promise<{ message: MessageResponse }> {
  if (entry.state === "sent" && entry.message_id) return { message: await getMessage(ctx, entry.message_id) };
  throw toError(entry, error);
}

function toError(entry: OutboxRow, error: ProviderError | null): ServiceError {
  const details = { outbox_id: entry.id, state: entry.state };
  const cause = error ?? undefined;
  if (entry.state === "sent")
    return new ServiceError("conflict", "The mail was sent, and has been deleted since", { details });
  if (error?.fault === "grant_dead" && entry.state === "failed") return disconnected(cause, details);
  const detail =
    entry.state === "failed"
      ? `The mail was not sent: ${entry.detail}`
      : `It is not known whether the mail was sent: ${entry.detail}; see its outbox entry`;
  const retryAfterSeconds = error?.retryAfterSeconds;
  return new ServiceError("provider_failed", detail, {
    cause,
    details,
    ...(retryAfterSeconds ? { retryAfterSeconds } : {}),
  });
}

/** The error for a mailbox that cannot send. */
export const disconnected = (cause?: unknown, details: Record<string, unknown> = {}) =>
  new ServiceError(
    "conflict",
    "This email account is disconnected; connect it again before you send from it",
    {
      cause,
      details,
    },
  );
