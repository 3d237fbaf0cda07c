import { type SQL, sql } from "drizzle-orm";
import { sha256Hex } from "../../lib/hmac.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { isHtml } from "../../lib/text.ts";
import { nowSeconds } from "../../lib/time.ts";
import { enqueueDownload } from "../attachments/storage.ts";
import { batch, type Ctx, ofCompany } from "../context.ts";
import { appendEvents, ring } from "../events/log.ts";
import { enqueueUnknown, setSent } from "../outbox/entry.ts";
import type { ProviderMessage } from "../provider/port.ts";
import { inboxEntries } from "../schema/inbox.ts";
import { messages } from "../schema/mail.ts";
import { type Body, type BodyColumns, loadBody, storeBody } from "./bodies.ts";
import { enqueueBounce, mayBeBounce } from "./bounces.ts";
import { type FilePlan, type FileRow, isUnchanged, planFiles, writeFiles } from "./files.ts";
import { isSame, type MailAccount, mergeState, type Observed, onlyMissing, type State } from "./state.ts";
import { isBeforeSweeps, suspectCreated } from "./suspects.ts";
import { answeredThread, connect, findThread, hasNoThread, type Place } from "./threading.ts";

export interface Applying {
  message: ProviderMessage;
  /** When the provider saw this state, in milliseconds: an older state never overwrites a newer one. */
  observedAt: number;
  /** Names the delivery or request that brought it. */
  cause: string;
  /** History: stored without telling anyone. */
  silent?: boolean;
  /** A notification says so, not the provider asked just now: a deletion may have been lost meanwhile. */
  isAnnounced?: boolean;
  /** For a mail that a user of ours has sent: who, their text, the thread that it answers in, its outbox entry. */
  sent?: { userId: number; text: string | null; threadId: string | null; outboxId: string };
}

export interface Applied {
  /** Null for what was deleted before it came. */
  id: string | null;
  /** `deleted`: the provider has deleted it since, and it stays so. */
  outcome: "created" | "updated" | "unchanged" | "deleted";
}

type Stored = State &
  BodyColumns &
  Observed & {
    id: string;
    account_id: string;
    thread_id: string;
    threaded_by: string;
    applied_by: string;
    files: FileRow[];
  };

/**
 * Brings a message to the state that the provider tells: the one way by which mail gets into the database,
 * whether it came by notification, by backfill or from our own sending, once or repeatedly, in any order.
 * Message, thread, attachments, the sender's read state and events are written in one batch.
 * @throws Error when other deliveries of the same message kept coming in between; the caller tries again
 */
export async function applyMessage(
  anywhere: Ctx,
  account: MailAccount,
  applying: Applying,
): Promise<Applied> {
  const ctx = ofCompany(anywhere, account.company_id);
  const { sent, observedAt, silent } = applying;
  for (let attempt = 0; attempt < 3; attempt++) {
    const { stored, deletedAt } = await findStored(ctx, account, applying.message.id);
    if (deletedAt !== null && observedAt <= deletedAt) return { id: null, outcome: "deleted" };
    const isOlder = stored && !sent && observedAt < stored.observed_at;
    const message = isOlder ? onlyMissing(stored, applying.message, observedAt) : applying.message;
    const digest = message.body === undefined ? null : await sha256Hex(message.body);
    const isMarkup = message.body !== undefined && (sent !== undefined || isHtml(message.body));
    const files = await filesOf(ctx, stored, message, isMarkup);
    const state = mergeState(account, stored, message, digest, isMarkup, files);
    // An older notification has a body or files only where they are news, if only by their time.
    const isNews = isOlder && (message.body !== undefined || message.attachments !== undefined);
    if (stored && !sent && !isNews && isSame(stored, state) && (!files || isUnchanged(files))) {
      // The first delivery may have died between its commit and its ring.
      if (!silent) ring(ctx, account.company_id);
      if (stored.threaded_by === "none") await readLater(ctx, stored.id, state, applying);
      return { id: stored.id, outcome: "unchanged" };
    }

    const told = { ...applying, message };
    const body = await placeBody(ctx, account, stored, state, told, isMarkup);
    const id = stored?.id ?? uuidv7();
    const columns = { ...state, ...body, ...observedOf(told) };
    const statements = stored
      ? change(ctx, stored, columns, told)
      : creation(ctx, id, account, columns, told);
    const rows = files ? writeFiles(id, applying.cause, files) : [];
    const results = await batch(ctx, [...statements, ...rows, ...belongings(ctx, id, account, state, told)]);
    // Only the message's own statement returns a row, and none when a concurrent delivery was first.
    if (results.every((rows) => rows.length === 0)) continue;

    if (!silent) ring(ctx, account.company_id);
    if (files?.inserted.length) await enqueueDownload(ctx, id);
    await readLater(ctx, id, state, applying);
    if (!stored && !sent && !silent && state.direction === "outbound") await enqueueUnknown(ctx, account.id);
    return { id, outcome: stored ? "updated" : "created" };
  }
  throw new Error(`Message ${applying.message.id} kept changing under this delivery`);
}

/** A mail that may be a bounce is read by a job: again, where it has found no thread, in case that was lost. */
async function readLater(ctx: Ctx, id: string, { direction }: State, { message }: Applying): Promise<void> {
  if (direction === "inbound" && mayBeBounce(message)) await enqueueBounce(ctx, id, message.references);
}

async function findStored(
  ctx: Ctx,
  account: MailAccount,
  providerId: string,
): Promise<{ stored: Stored | undefined; deletedAt: number | null }> {
  const key = sql`account_id = ${account.id} AND provider_message_id = ${providerId}`;
  const [messageRows, tombstones, files] = await batch(ctx, [
    sql`SELECT * FROM ems_messages WHERE ${key}`,
    sql`SELECT deleted_at FROM ems_tombstones WHERE ${key}`,
    sql`
      SELECT id, provider_attachment_id, nth, filename, content_type, size_bytes, content_id, is_inline
      FROM ems_attachments WHERE message_id = (SELECT id FROM ems_messages WHERE ${key}) ORDER BY rowid`,
  ]);
  const [row] = messageRows as (Omit<Stored, "has_attachments" | "files"> & { has_attachments: number })[];
  const [tombstone] = tombstones as { deleted_at: number }[];
  return {
    stored: row && { ...row, has_attachments: row.has_attachments === 1, files: files as FileRow[] },
    deletedAt: tombstone?.deleted_at ?? null,
  };
}

/** @returns null when neither the files nor the body that shows them were told */
async function filesOf(
  ctx: Ctx,
  stored: Stored | undefined,
  { body, attachments }: ProviderMessage,
  isMarkup: boolean,
): Promise<FilePlan | null> {
  const known = stored?.files ?? [];
  if (!attachments && (body === undefined || known.length === 0)) return null;
  const html = async () => {
    if (body !== undefined) return isMarkup ? body : null;
    return stored ? (await loadBody(ctx, stored)).body_html : null;
  };
  return planFiles(known, attachments, html);
}

/** When what was told of body and files was seen. */
const observedOf = ({ message, observedAt }: Applying): Partial<Observed> => ({
  ...(message.body === undefined ? {} : { body_observed_at: observedAt }),
  ...(message.attachments === undefined ? {} : { files_observed_at: observedAt }),
});

/** The body columns to write: none when the provider told no new body. */
async function placeBody(
  ctx: Ctx,
  account: MailAccount,
  stored: Stored | undefined,
  state: State,
  { message, sent }: Applying,
  isMarkup: boolean,
): Promise<BodyColumns | undefined> {
  if (message.body === undefined || (!sent && stored && stored.body_digest === state.body_digest)) {
    return stored ? undefined : { body_html: null, body_text: null, body_key: null };
  }
  // No provider tells the text alternative of an HTML mail: what we sent with it stays ours.
  const text = sent ? sent.text : stored ? (await loadBody(ctx, stored)).body_text : null;
  const body: Body = isMarkup
    ? { body_html: message.body, body_text: text }
    : { body_html: null, body_text: message.body };
  return storeBody(ctx, account, body);
}

type Columns = State & Partial<BodyColumns> & Partial<Observed>;

function change(ctx: Ctx, stored: Stored, columns: Columns, applying: Applying): SQL[] {
  const { observedAt, cause, silent, sent } = applying;
  const update = ctx.db
    .update(messages)
    .set({
      ...columns,
      observed_at: Math.max(observedAt, stored.observed_at),
      applied_by: cause,
      ...(sent?.threadId ? answered(sent.threadId) : {}),
    })
    // What was read is still so, or this delivery has lost.
    .where(sql`${messages.id} = ${stored.id} AND ${messages.applied_by} = ${stored.applied_by}`)
    .returning({ id: messages.id })
    .getSQL();
  const event = appendEvents(sql`
    SELECT company_id, NULL, 'message.updated', thread_id, id, NULL, 'message.updated/' || id || '/' || applied_by
    FROM ems_messages WHERE id = ${stored.id} AND applied_by = ${cause}`);
  // Only now its Message-ID became known: what it answers, and what answers it, can be connected.
  const isNamed = stored.internet_message_id === null && columns.internet_message_id !== null;
  const isRegrouped = stored.provider_thread_id !== columns.provider_thread_id;
  const place = placeOf({ id: stored.account_id }, columns, applying);
  // What it answers it has shown before: the provider's word for its thread brings no reference with it.
  const news = isNamed ? place : { ...place, internetMessageId: null, references: undefined };
  const connections = isNamed || isRegrouped ? connect(news, stored.id, cause) : [];
  return [update, ...connections, ...(silent ? [] : [event])];
}

/** Where a mail of ours belongs that answers in a thread: it may be part of another, or gone, when it is sent. */
const answered = (threadId: string) => ({
  thread_id: sql`coalesce(${answeredThread(threadId)}, ${messages.thread_id})`,
  threaded_by: sql`iif(${answeredThread(threadId)} IS NULL, ${messages.threaded_by}, 'reply')` as SQL<never>,
});

function creation(ctx: Ctx, id: string, account: MailAccount, columns: Columns, applying: Applying): SQL[] {
  const { message, observedAt, cause, silent, sent, isAnnounced } = applying;
  const fresh = uuidv7();
  const place = placeOf(account, columns, applying);
  const { threadId, rule } = findThread(place, sent?.threadId ?? null, fresh);
  const known = sql`account_id = ${account.id} AND provider_message_id = ${message.id}`;
  const insertThread = sql`
    INSERT INTO ems_threads
      (id, company_id, account_id, provider_thread_id, subject, first_message_at, last_message_at, created_at)
    SELECT ${fresh}, ${account.company_id}, ${account.id}, ${columns.provider_thread_id}, ${columns.subject},
      ${columns.sent_at}, ${columns.sent_at}, unixepoch()
    WHERE ${hasNoThread(place, sent?.threadId ?? null)} AND NOT EXISTS (SELECT 1 FROM ems_messages WHERE ${known})`;
  const insertMessage = ctx.db
    .insert(messages)
    .values({
      ...columns,
      id,
      company_id: account.company_id,
      account_id: account.id,
      thread_id: threadId,
      thread_version: sql`1 + coalesce((SELECT version FROM ems_threads WHERE id = ${threadId}), 0)`,
      threaded_by: rule as SQL<never>,
      provider_message_id: message.id,
      created_at: nowSeconds(),
      observed_at: observedAt,
      applied_by: cause,
    })
    .onConflictDoNothing()
    .returning({ id: messages.id })
    .getSQL();
  // It may have been deleted since the tombstones were looked at: then it was never here.
  const obeyDeletion = sql`
    DELETE FROM ems_messages WHERE id = ${id} AND EXISTS (
      SELECT 1 FROM ems_tombstones WHERE ${known} AND deleted_at >= ${observedAt})`;
  const forgetDeletion = sql`DELETE FROM ems_tombstones WHERE ${known} AND deleted_at < ${observedAt}`;
  const events = appendEvents(sql`
    SELECT company_id, NULL, 'message.created', thread_id, id, NULL, 'message.created/' || id
    FROM ems_messages WHERE id = ${id}
    UNION ALL
    SELECT company_id, NULL, iif(thread_id = ${fresh}, 'thread.created', 'thread.updated'), thread_id, id, NULL,
      'thread.grown/' || id
    FROM ems_messages WHERE id = ${id}`);
  return [
    insertThread,
    insertMessage,
    obeyDeletion,
    forgetDeletion,
    ...connect(place, id, cause),
    ...(isAnnounced && isBeforeSweeps(columns.sent_at) ? [suspectCreated(id)] : []),
    ...(silent ? [] : [events]),
  ];
}

const placeOf = (account: Pick<MailAccount, "id">, columns: Columns, { message }: Applying): Place => ({
  accountId: account.id,
  providerThreadId: columns.provider_thread_id,
  internetMessageId: columns.internet_message_id,
  references: message.references,
  subject: columns.subject,
});

/** What hangs on the message: written only if this delivery is the one that wrote the message. */
function belongings(ctx: Ctx, id: string, account: MailAccount, state: State, applying: Applying): SQL[] {
  const { sent } = applying;
  const statements: SQL[] = [];
  if (sent) {
    const entry = {
      user_id: sent.userId,
      message_id: id,
      company_id: account.company_id,
      account_id: account.id,
    };
    const read = { is_read: true, read_at: nowSeconds() };
    statements.push(
      ctx.db
        .insert(inboxEntries)
        .values({ ...entry, sent_at: state.sent_at, ...read })
        .onConflictDoUpdate({ target: [inboxEntries.user_id, inboxEntries.message_id], set: read })
        .getSQL(),
      ...setSent(sent.outboxId, id),
    );
  }
  return statements;
}
