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
import { filingOf, learnAlias, place, selectKnown } from "./folders.ts";
import { type Departed, isMoved, renameFiles, selectEarlier, type Twin, welcomeBack } from "./moves.ts";
import { attachmentsOf, isSame, type MailAccount, mergeState, onlyMissing, type State } from "./state.ts";
import { connect, findThread, hasNoThread, type Place } from "./threading.ts";

export interface Applying {
  message: ProviderMessage;
  /** When the provider saw this state, in milliseconds: an older state never overwrites a newer one. */
  observedAt: number;
  /** Names the delivery or request that brought it. */
  cause: string;
  /** History: stored without telling anyone. */
  silent?: boolean;
  /** For a mail that a user of ours has sent: who, their text, the thread that it answers in, its outbox entry. */
  sent?: { userId: number; text: string | null; threadId: string | null; outboxId: string };
}

export interface Applied {
  /** Null for what was deleted before it came, and for a draft. */
  id: string | null;
  /** `deleted`: the provider has deleted it since, and it stays so. `ignored`: a draft at the provider. */
  outcome: "created" | "updated" | "unchanged" | "deleted" | "ignored";
}

type Stored = State &
  BodyColumns & {
    id: string;
    account_id: string;
    thread_id: string;
    observed_at: number;
    applied_by: string;
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
    const found = await findStored(ctx, account, applying);
    if (found.deletedAt !== null && observedAt <= found.deletedAt) return { id: null, outcome: "deleted" };
    const filing = await filingOf(ctx, account, applying.message, found.known);
    const moved = await movedFrom(ctx, account, found, applying);
    const stored = found.stored ?? moved;
    const isOlder = stored && !sent && observedAt < stored.observed_at;
    const message = isOlder ? onlyMissing(stored, applying.message) : applying.message;
    const digest = message.body === undefined ? null : await sha256Hex(message.body);
    const placed = sent ? placeSent(stored) : isOlder ? stored : place(filing, stored);
    if (!stored && placed.folder === "drafts") return { id: null, outcome: "ignored" };
    const state = mergeState(stored, message, placed, digest);
    if (found.stored && !sent && isSame(found.stored, state)) {
      // The first delivery may have died between its commit and its ring.
      if (!silent) ring(ctx, account.company_id);
      return { id: found.stored.id, outcome: "unchanged" };
    }

    const told = { ...applying, message };
    const body = await placeBody(ctx, account, stored, state, told);
    const departed = stored || sent ? undefined : found.departed;
    const id = stored?.id ?? departed?.message_id ?? uuidv7();
    const statements = stored
      ? change(ctx, stored, { ...state, ...body }, told)
      : [
          ...creation(ctx, id, account, { ...state, ...body }, told, departed),
          ...learnAlias(account, filing, state.from_address),
        ];
    const renaming = moved ? await renameFiles(ctx, id, message) : [];
    const results = await batch(ctx, [
      ...statements,
      ...renaming,
      ...belongings(ctx, id, account, state, told),
    ]);
    // Only the message's own statement returns a row, and none when a concurrent delivery was first.
    if (results.every((rows) => rows.length === 0)) continue;

    if (!silent) ring(ctx, account.company_id);
    if (message.attachments?.length) await enqueueDownload(ctx, id);
    if (!stored && !sent && !silent && state.direction === "outbound") await enqueueUnknown(ctx, account.id);
    return { id, outcome: stored ? "updated" : "created" };
  }
  throw new Error(`Message ${applying.message.id} kept changing under this delivery`);
}

interface Found {
  stored: Stored | undefined;
  deletedAt: number | null;
  /** What `filingOf` takes. */
  known: unknown[][];
  /** Another message that this one may be, under an earlier id. */
  twin: (Stored & Twin) | undefined;
  departed: Departed | undefined;
}

async function findStored(ctx: Ctx, account: MailAccount, { message }: Applying): Promise<Found> {
  const key = sql`account_id = ${account.id} AND provider_message_id = ${message.id}`;
  const isNamed = message.internet_message_id !== undefined;
  const [messageRows, tombstones, folders, accounts, twins, departures] = await batch(ctx, [
    sql`SELECT * FROM ems_messages WHERE ${key}`,
    sql`SELECT deleted_at FROM ems_tombstones WHERE ${key}`,
    ...selectKnown(account, message),
    ...(isNamed ? selectEarlier(account, message) : []),
  ]);
  const [tombstone] = tombstones as { deleted_at: number }[];
  return {
    stored: toStored(messageRows),
    deletedAt: tombstone?.deleted_at ?? null,
    known: [folders ?? [], accounts ?? []],
    twin: toStored(twins) as Found["twin"],
    departed: (departures as Departed[] | undefined)?.[0],
  };
}

function toStored(rows: unknown[] | undefined): Stored | undefined {
  const [row] = (rows ?? []) as (Omit<Stored, "has_attachments"> & { has_attachments: number })[];
  return row && { ...row, has_attachments: row.has_attachments === 1 };
}

/** The stored message that this one is, under the id that it has since it was moved to another folder. */
async function movedFrom(
  ctx: Ctx,
  account: MailAccount,
  { stored, twin }: Found,
  { message, sent }: Applying,
): Promise<Stored | undefined> {
  if (stored || sent || !twin) return undefined;
  return (await isMoved(ctx, account, twin, message)) ? twin : undefined;
}

/** What a user of ours has sent is sent, wherever the provider has put it by now. */
const placeSent = (stored: Stored | undefined): Pick<State, "folder" | "direction"> => ({
  folder: stored && stored.folder !== "drafts" ? stored.folder : "sent",
  direction: "outbound",
});

/** The body columns to write: none when the provider told no new body. */
async function placeBody(
  ctx: Ctx,
  account: MailAccount,
  stored: Stored | undefined,
  state: State,
  { message, sent }: Applying,
): Promise<BodyColumns | undefined> {
  if (message.body === undefined || (!sent && stored && stored.body_digest === state.body_digest)) {
    return stored ? undefined : { body_html: null, body_text: null, body_key: null };
  }
  // No provider tells the text alternative of an HTML mail: what we sent with it stays ours.
  const text = sent ? sent.text : stored ? (await loadBody(ctx, stored)).body_text : null;
  const body: Body =
    isHtml(message.body) || sent
      ? { body_html: message.body, body_text: text }
      : { body_html: null, body_text: message.body };
  return storeBody(ctx, [String(account.company_id), account.id, message.id], body);
}

type Columns = State & Partial<BodyColumns>;

function change(ctx: Ctx, stored: Stored, columns: Columns, applying: Applying): SQL[] {
  const { observedAt, cause, silent, sent } = applying;
  const update = ctx.db
    .update(messages)
    .set({
      ...columns,
      provider_message_id: applying.message.id,
      observed_at: Math.max(observedAt, stored.observed_at),
      applied_by: cause,
      ...(sent?.threadId ? { thread_id: sent.threadId, threaded_by: "reply" as const } : {}),
    })
    // What was read is still so, or this delivery has lost.
    .where(sql`${messages.id} = ${stored.id} AND ${messages.applied_by} = ${stored.applied_by}`)
    .returning({ id: messages.id })
    .getSQL();
  const tell = (type: string) => sql`
    SELECT company_id, NULL, ${type}, thread_id, id, NULL, ${type} || '/' || id || '/' || applied_by
    FROM ems_messages WHERE id = ${stored.id} AND applied_by = ${cause}`;
  const isRefiled = columns.folder !== stored.folder;
  const event = appendEvents(
    isRefiled ? sql`${tell("message.updated")} UNION ALL ${tell("thread.updated")}` : tell("message.updated"),
  );
  // Only now its Message-ID became known: what it answers, and what answers it, can be connected.
  const isNamed = stored.internet_message_id === null && columns.internet_message_id !== null;
  const place = placeOf({ id: stored.account_id }, columns, applying);
  const connections = isNamed ? connect(place, stored.id, cause) : [];
  return [update, ...connections, ...(silent ? [] : [event])];
}

function creation(
  ctx: Ctx,
  id: string,
  account: MailAccount,
  columns: Columns,
  applying: Applying,
  departed: Departed | undefined,
): SQL[] {
  const { message, observedAt, cause, silent, sent } = applying;
  const fresh = departed?.thread_id ?? uuidv7();
  const place = placeOf(account, columns, applying);
  const { threadId, rule } = findThread(place, sent?.threadId ?? null, fresh);
  const known = sql`account_id = ${account.id} AND provider_message_id = ${message.id}`;
  const insertThread = sql`
    INSERT INTO ems_threads
      (id, company_id, account_id, provider_thread_id, subject, first_message_at, last_message_at, created_at)
    SELECT ${fresh}, ${account.company_id}, ${account.id}, ${columns.provider_thread_id}, ${columns.subject},
      ${columns.sent_at}, ${columns.sent_at}, unixepoch()
    WHERE ${hasNoThread(place)} AND NOT EXISTS (SELECT 1 FROM ems_messages WHERE ${known})
      AND NOT EXISTS (SELECT 1 FROM ems_threads WHERE id = ${fresh})`;
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
      created_at: departed?.created_at ?? nowSeconds(),
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
  // What comes back was told of when it came first.
  const again = departed ? `/${cause}` : "";
  const events = appendEvents(sql`
    SELECT company_id, NULL, 'message.created', thread_id, id, NULL, 'message.created/' || id || ${again}
    FROM ems_messages WHERE id = ${id}
    UNION ALL
    SELECT company_id, NULL, iif(thread_id = ${fresh}, 'thread.created', 'thread.updated'), thread_id, id, NULL,
      'thread.grown/' || id || ${again}
    FROM ems_messages WHERE id = ${id}`);
  return [
    ...(sent?.threadId ? [] : [insertThread]),
    insertMessage,
    obeyDeletion,
    forgetDeletion,
    ...connect(place, id, cause),
    ...(departed ? welcomeBack(departed, cause) : []),
    ...(silent ? [] : [events]),
  ];
}

const placeOf = (account: Pick<MailAccount, "id">, columns: Columns, { message }: Applying): Place => ({
  accountId: account.id,
  providerThreadId: columns.provider_thread_id,
  internetMessageId: columns.internet_message_id,
  references: message.references,
});

/** What hangs on the message: written only if this delivery is the one that wrote the message. */
function belongings(ctx: Ctx, id: string, account: MailAccount, state: State, applying: Applying): SQL[] {
  const { message, cause, sent } = applying;
  const statements: SQL[] = [];
  const attachments = attachmentsOf(message).map((attachment) => ({ ...attachment, row: uuidv7() }));
  if (attachments.length) {
    statements.push(sql`
      INSERT INTO ems_attachments (id, company_id, account_id, message_id, provider_attachment_id, filename,
        content_type, size_bytes, content_id, is_inline, created_at)
      SELECT value ->> 'row', m.company_id, m.account_id, m.id, value ->> 'id', value ->> 'filename',
        value ->> 'content_type', value ->> 'size_bytes', value ->> 'content_id', value ->> 'is_inline', unixepoch()
      FROM json_each(${JSON.stringify(attachments)})
      JOIN ems_messages m ON m.id = ${id} AND m.applied_by = ${cause} WHERE true
      ON CONFLICT (message_id, provider_attachment_id) DO NOTHING`);
  }
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
        .values({ ...entry, sent_at: state.sent_at, folder: state.folder, ...read })
        .onConflictDoUpdate({ target: [inboxEntries.user_id, inboxEntries.message_id], set: read })
        .getSQL(),
      ...setSent(sent.outboxId, id),
    );
  }
  return statements;
}
