import { nowSeconds } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { batch, type Ctx } from "../context.ts";
import type { erasures } from "../schema/lifetime.ts";
import { KEY_KINDS } from "../store/tables.ts";

/** A row of ems_erasures. */
export type Erasure = RowOf<typeof erasures>;

/** Messages per batch. Triggers also delete their attachments and inbox entries. */
const MESSAGES = 50;
const ROWS = 200;
/** Rows of the log per batch: of the company if it has no more, else of all companies. */
const EVENTS = 5000;

/**
 * Tables with an account_id whose rows are deleted by it alone, each with a column that tells most of them apart.
 * Messages, threads, outbox, deliveries and events have their own functions.
 */
export const TABLES = {
  ems_inbox_stretches: "user_id",
  ems_inbox_counters: "user_id",
  ems_folder_counters: "folder",
  ems_suspects: "provider_message_id",
  ...Object.fromEntries(
    [
      ...["ems_drafts", "ems_syncs", "ems_folders", "ems_aliases"],
      ...["ems_late_messages", "ems_tombstones", "ems_departures"],
    ].map((name) => [name, "rowid"]),
  ),
};

/** The erasure after a batch; `waits` for the erasures of the company's accounts; `empty` when nothing is left. */
type Erased = Erasure | "waits" | "empty";

/** Erases the next batch of an account, or of the company's own rows. */
export const eraseBatch = (ctx: Ctx, erasure: Erasure): Promise<Erased> =>
  erasure.account_id === "" ? eraseCompanyBatch(ctx, erasure) : eraseAccountBatch(ctx, erasure);

async function eraseAccountBatch(ctx: Ctx, erasure: Erasure): Promise<Erased> {
  // Events first: finding them needs the account's messages.
  const { next, isEnd } = await eraseEvents(ctx, erasure, isEventOfAccount(erasure.account_id));
  if (!isEnd) return next;
  const removed =
    (await eraseRows(ctx, erasure)) + (await eraseMessages(ctx, next)) || (await reassignThreads(ctx, next));
  return removed > 0 ? next : "empty";
}

/**
 * Whether an event belongs to the account. Its message decides before its thread, which may be another account's.
 */
const isEventOfAccount = (accountId: string): SQL => sql`(account_id = ${accountId}
  OR EXISTS (SELECT 1 FROM ems_messages m WHERE m.id = ems_events.message_id AND m.account_id = ${accountId})
  OR (message_id IS NULL AND EXISTS (
    SELECT 1 FROM ems_threads t WHERE t.id = ems_events.thread_id AND t.account_id = ${accountId})))`;

/**
 * Deletes the matching events of a company with few events, else those among the next 5,000 of the log: no index has a
 * company's private events in the order of their ids.
 */
async function eraseEvents(
  ctx: Ctx,
  erasure: Erasure,
  isErased: SQL,
): Promise<{ next: Erasure; isEnd: boolean }> {
  const { company_id, account_id, events_until } = erasure;
  const [bounds] = await ctx.db.all(sql<{ oldest: number | null; newest: number | null }>`
    SELECT (SELECT min(id) FROM ems_events) AS oldest, (SELECT max(id) FROM ems_events) AS newest`);
  const { oldest, newest } = { oldest: bounds?.oldest ?? 0, newest: bounds?.newest ?? 0 };
  if (newest <= events_until) return { next: erasure, isEnd: true };
  const [own] = await ctx.db.all(sql<{ count: number }>`
    SELECT count(*) AS count FROM (SELECT 1 FROM ems_events WHERE company_id = ${company_id} LIMIT ${EVENTS + 1})`);
  const isFew = (own?.count ?? 0) <= EVENTS;
  const last = isFew ? newest : Math.min(newest, Math.max(events_until, oldest - 1) + EVENTS);
  await batch(ctx, [
    isFew
      ? sql`
        DELETE FROM ems_events WHERE company_id = ${company_id} AND +id > ${events_until} AND +id <= ${last}
          AND ${isErased}`
      : removeEvents(company_id, sql`id > ${events_until} AND id <= ${last}`, isErased),
    sql`
      UPDATE ems_erasures SET events_until = max(events_until, ${last})
      WHERE company_id = ${company_id} AND account_id = ${account_id}`,
  ]);
  return { next: { ...erasure, events_until: last }, isEnd: last === newest };
}

/** The plus keeps SQLite on the ids. */
const removeEvents = (companyId: number, ids: SQL, isErased: SQL): SQL =>
  sql`DELETE FROM ems_events WHERE ${ids} AND +company_id = ${companyId} AND ${isErased}`;

/** @returns how many rows were deleted, over all tables */
async function eraseRows(ctx: Ctx, { company_id, account_id }: Erasure): Promise<number> {
  const deliveries = sql`
    FROM ems_deliveries WHERE account_id = ${account_id} ORDER BY received_at, id LIMIT ${ROWS}`;
  const results = await batch(ctx, [
    sql`
      DELETE FROM ems_outbox WHERE rowid IN (
        SELECT rowid FROM ems_outbox WHERE company_id = ${company_id} AND account_id = ${account_id} LIMIT ${ROWS})
      RETURNING 1`,
    ...Object.entries(TABLES).map(([name, column]) => {
      const [table, key] = [sql.raw(name), sql.raw(column)];
      return sql`
        DELETE FROM ${table} WHERE account_id = ${account_id} AND ${key} IN (
          SELECT ${key} FROM ${table} WHERE account_id = ${account_id} LIMIT ${ROWS})
        RETURNING 1`;
    }),
    sql`
      INSERT INTO ems_garbage (key, due_at) SELECT key, ${nowSeconds()} FROM (SELECT key ${deliveries}) WHERE key <> ''
      ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at`,
    sql`DELETE FROM ems_deliveries WHERE id IN (SELECT id ${deliveries}) RETURNING 1`,
  ]);
  return results.flat().length;
}

/**
 * Deletes the newest messages. Triggers delete their dependent rows. The events of deleted threads go, too, also if a thread
 * is of another account that is being erased.
 */
async function eraseMessages(ctx: Ctx, { company_id, account_id, events_until }: Erasure): Promise<number> {
  const rows = await ctx.db.all(sql<{ id: string; thread_id: string | null }>`
    SELECT m.id, t.id AS thread_id FROM ems_messages m
    LEFT JOIN ems_threads t ON t.id = m.thread_id AND (+t.account_id = m.account_id OR EXISTS (
      SELECT 1 FROM ems_erasures e WHERE e.company_id = ${company_id} AND e.account_id = t.account_id))
    WHERE m.account_id = ${account_id} ORDER BY m.hidden DESC, m.sent_at DESC, m.id DESC LIMIT ${MESSAGES}`);
  if (rows.length === 0) return 0;
  const ids = JSON.stringify(rows.map(({ id }) => id));
  await batch(ctx, [
    // Events appended since the log was searched.
    removeEvents(company_id, sql`id > ${events_until}`, isEventOfAccount(account_id)),
    sql`
      DELETE FROM ems_messages WHERE id IN (SELECT value FROM json_each(${ids})) AND +account_id = ${account_id}`,
    removeThreadDeletions(rows.map(({ thread_id }) => thread_id)),
  ]);
  return rows.length;
}

/** Deletes the triggers' events of each thread. The event of the account suffices. */
const removeThreadDeletions = (threadIds: (string | null)[]): SQL => sql`
  DELETE FROM ems_events WHERE id IN (
    SELECT e.id FROM json_each(${JSON.stringify(threadIds)}) j CROSS JOIN ems_events e
      ON e.cause > 'thread.deleted/' || j.value || '/' AND e.cause < 'thread.deleted/' || j.value || '0')`;

/** Moves threads that still have messages to the account of one of these messages; deletes the rest. */
async function reassignThreads(ctx: Ctx, { account_id }: Erasure): Promise<number> {
  const rows = await ctx.db.all(sql<{ id: string; heir: string | null }>`
    SELECT id, (SELECT m.account_id FROM ems_messages m WHERE m.thread_id = t.id ORDER BY m.hidden, m.sent_at, m.id LIMIT 1) AS heir
    FROM ems_threads t WHERE t.account_id = ${account_id} LIMIT ${ROWS}`);
  if (rows.length === 0) return 0;
  const left = sql`json_each(${JSON.stringify(rows)}) j CROSS JOIN ems_threads t ON t.id = j.value ->> 'id'
    AND +t.account_id = ${account_id}`;
  await batch(ctx, [
    sql`
      UPDATE ems_accounts SET
        thread_count = thread_count + (
          SELECT count(*) FROM ${left} WHERE j.value ->> 'heir' = ems_accounts.id AND t.message_count > 0),
        hidden_thread_count = hidden_thread_count + (
          SELECT count(*) FROM ${left} WHERE j.value ->> 'heir' = ems_accounts.id AND t.message_count = 0)
      WHERE id IN (SELECT j.value ->> 'heir' FROM ${left})`,
    sql`
      DELETE FROM ems_threads WHERE id IN (SELECT t.id FROM ${left} WHERE j.value ->> 'heir' IS NULL)`,
    sql`
      UPDATE ems_threads SET provider_thread_id = NULL, account_id = (
        SELECT m.account_id FROM ems_messages m WHERE m.thread_id = ems_threads.id ORDER BY m.hidden, m.sent_at, m.id LIMIT 1)
      WHERE id IN (SELECT t.id FROM ${left} WHERE j.value ->> 'heir' IS NOT NULL)`,
    sql`
      UPDATE ems_thread_folders SET account_id = (SELECT account_id FROM ems_threads WHERE id = thread_id)
      WHERE thread_id IN (SELECT value ->> 'id' FROM json_each(${JSON.stringify(rows)}))`,
    removeThreadDeletions(rows.map(({ id, heir }) => (heir === null ? id : null))),
  ]);
  return rows.length;
}

/** Deletes only what is older than the erasure: the company may continue under the same id. */
async function eraseCompanyBatch(ctx: Ctx, erasure: Erasure): Promise<Erased> {
  const { company_id, started_at } = erasure;
  const isOld = sql`created_at <= ${started_at} AND coalesce(cause < 'erased/' OR cause >= 'erased0', true)`;
  const { next, isEnd } = await eraseEvents(ctx, erasure, isOld);
  if (!isEnd) return next;
  const rows = await batch(ctx, [
    sql`
      DELETE FROM ems_uploads WHERE rowid IN (
        SELECT rowid FROM ems_uploads WHERE company_id = ${company_id} AND created_at <= ${started_at} LIMIT ${ROWS})
      RETURNING 1`,
    sql`
      DELETE FROM ems_users WHERE company_id = ${company_id} AND user_id IN (
        SELECT user_id FROM ems_users WHERE company_id = ${company_id} AND seen_at <= ${started_at} LIMIT ${ROWS})
      RETURNING 1`,
  ]);
  if (rows.flat().length) return next;
  const accounts = await ctx.db.all(sql`
    SELECT 1 FROM ems_erasures WHERE company_id = ${company_id} AND account_id <> '' LIMIT 1`);
  if (accounts.length) return "waits";
  // Also deletes objects without a row, which earlier versions left behind.
  return (await eraseObjects(ctx, next)) > 0 ? next : "empty";
}

/** @returns how many objects were deleted */
async function eraseObjects({ env }: Ctx, { company_id, started_at }: Erasure): Promise<number> {
  for (const prefix of KEY_KINDS) {
    let cursor: string | undefined;
    do {
      const page = await env.ATTACHMENTS.list({
        prefix: `${prefix}/${company_id}/`,
        ...(cursor ? { cursor } : {}),
      });
      const old = page.objects.flatMap(({ key, uploaded }) =>
        uploaded.getTime() < started_at * 1000 ? [key] : [],
      );
      if (old.length) await env.ATTACHMENTS.delete(old);
      if (old.length) return old.length;
      cursor = page.truncated ? page.cursor : undefined;
    } while (cursor);
  }
  return 0;
}
