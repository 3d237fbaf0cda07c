import { notFound, ServiceError } from "../../lib/errors.ts";
import { cut } from "../../lib/line.ts";
import { nowSeconds, toIso, toIsoOrNull } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { assign, type Changes, insertInto, type NewRow } from "../../platform/d1/write.ts";
import { sendAll } from "../../platform/queues.ts";
import { batch, type Ctx, inCompanies, type UserCtx } from "../context.ts";
import { olderThan, totalOf } from "../lists/page.ts";
import { byNewest, cutPage, formatCursor, type RowKey, rowsFor } from "../lists/pagination.ts";
import type { Push } from "../provider/changes.ts";
import type { notifications } from "../schema/intake.ts";
import { enqueueNotification, type QueuedNotification } from "./notification.ts";
import { recall, summarize } from "./recall.ts";
import type { NotificationListResponse, NotificationResponse } from "./responses.ts";
import type { NotificationsQuery, ReplayQuery } from "./schemas.ts";

export type NotificationRow = RowOf<typeof notifications>;

export interface Recorded {
  push: Pick<Push, "id" | "type" | "grant_id" | "occurred_at" | "change">;
  queued: { key?: string | undefined; received_at: number };
  accountId: string | null;
}

/** Why something failed, for the ledger. */
export const reasonOf = (error: unknown): string =>
  cut(error instanceof Error ? error.message : String(error), 500);

/** What became of a notification, and why it failed. */
export interface Outcome {
  /** `received`: it failed, and will come again. */
  state: NotificationRow["state"];
  error?: string | null;
  cause?: NotificationRow["cause_kind"];
  /** Whether a failure counts as an attempt. */
  isCounted?: boolean;
}

/** Cron replays what an outage has parked for about four days, after gaps that grow from ten minutes to six hours. */
const REPLAYS = 20;
const FIRST_GAP_SECONDS = 600;
const LAST_GAP_SECONDS = 6 * 3600;

/** Writes to the ledger what became of a notification. */
export const recordNotification = ({ db }: Ctx, recorded: Recorded, outcome: Outcome): Promise<void> =>
  db.run(toLedger(recorded, outcome));

/** The statement of `recordNotification`. */
export function toLedger(
  { push, queued, accountId }: Recorded,
  { state, error = null, cause = null, isCounted = true }: Outcome,
): SQL {
  const { key = "" } = queued;
  const failed = state === "received" && isCounted ? 1 : 0;
  const outcome = {
    state,
    error,
    cause_kind: cause,
    account_id: accountId,
    finished_at: state === "received" ? null : nowSeconds(),
  };
  const isRetried = state === "parked" && cause === "outage" && accountId !== null;
  const gap = sql`min(${FIRST_GAP_SECONDS} << min(replays, 10), ${LAST_GAP_SECONDS})`;
  const retryAt = sql`iif(replays < ${REPLAYS}, coalesce(retry_at, ${nowSeconds()} + ${gap}), NULL)`;
  const row: NewRow<typeof notifications> = {
    id: push.id,
    type: push.type,
    grant_id: push.grant_id,
    received_at: queued.received_at,
    occurred_at: push.occurred_at,
    attempts: failed,
    key,
    change: summarize(push.change),
    retry_at: isRetried ? nowSeconds() + FIRST_GAP_SECONDS : null,
    ...outcome,
  };
  const changes: Changes<typeof notifications> = {
    ...outcome,
    attempts: sql`attempts + ${failed}`,
    ...(key === "" ? {} : { key: sql`iif(key = '', ${key}, key)` }),
    retry_at: isRetried ? retryAt : null,
  };
  return sql`
    ${insertInto<typeof notifications>("ems_deliveries", row)}
    ON CONFLICT (id) DO UPDATE SET ${assign<typeof notifications>(changes)}`;
}

type ListedRow = NotificationRow & RowKey;

/**
 * The notifications for the accounts of the caller's companies, newest first. A filtered page looks at no more than
 * the next 1,000 of each account. So it may hold few rows or none, and still name a cursor.
 */
export async function listNotifications(
  ctx: UserCtx,
  query: NotificationsQuery,
): Promise<NotificationListResponse> {
  const accounts = await ctx.db.all(sql<{ id: string }>`
    SELECT id FROM ems_accounts
    WHERE company_id ${inCompanies(ctx)} ${query.account_id ? sql`AND id = ${query.account_id}` : sql``}`);
  const ids = accounts.map(({ id }) => id);
  const isFiltered = query.state !== undefined || query.type !== undefined;
  const { rows, next_cursor } = await (isFiltered ? readMatching : readAll)(ctx, ids, query);
  const items = rows.map(({ at: _at, ...row }) => toResponse(row));
  return { items, parked_count: await countParked(ctx), next_cursor };
}

/** How many parked notifications the caller's companies have. It stops counting at 1,000. */
async function countParked(ctx: UserCtx): Promise<number> {
  const parked = sql<{ total: number }>`
    SELECT count(*) AS total FROM (
      SELECT 1 FROM ems_accounts a CROSS JOIN ems_deliveries d INDEXED BY ems_deliveries_parked_of
      ON d.account_id = a.id AND d.state = 'parked'
      WHERE a.company_id ${inCompanies(ctx)} LIMIT 1000)`;
  return Math.min(totalOf(await ctx.db.all(parked)), 1000);
}

const newestOf = <Row>(
  accountId: string,
  { cursor }: NotificationsQuery,
  columns: SQL<Row>,
  limit: number,
): SQL<Row & RowKey> => sql`
  SELECT ${columns}, received_at AS at FROM ems_deliveries
  WHERE account_id = ${accountId} ${olderThan("received_at", "id", cursor)}
  ORDER BY received_at DESC, id DESC LIMIT ${limit}`;

async function readAll(ctx: UserCtx, accounts: string[], query: NotificationsQuery) {
  const slice = { first: 0, size: query.size };
  const lists = accounts.map((id) => newestOf(id, query, sql<NotificationRow>`*`, rowsFor(slice)));
  return cutPage(await batch(ctx, lists), slice);
}

/** A filter looks at this many notifications of an account. */
const WINDOW = 1000;

async function readMatching(ctx: UserCtx, accounts: string[], query: NotificationsQuery) {
  const slice = { first: 0, size: query.size };
  const { state, type } = query;
  const [lists, ends] = await batch(ctx, [
    accounts.map(
      (id) => sql<ListedRow>`
        SELECT * FROM (${newestOf(id, query, sql`*`, WINDOW)})
        WHERE true ${state ? sql`AND state = ${state}` : sql``} ${type ? sql`AND type = ${type}` : sql``}
        LIMIT ${rowsFor(slice)}`,
    ),
    accounts.map(
      (id) =>
        sql<RowKey>`SELECT * FROM (${newestOf(id, query, sql`id`, WINDOW)}) LIMIT 1 OFFSET ${WINDOW - 1}`,
    ),
  ]);
  const found = lists.flat();
  const [end] = ends.flat().sort(byNewest);
  // One account was looked at down to `end` only, so older rows of the others are left for the next page.
  const page = cutPage([end ? found.filter((row) => byNewest(row, end) <= 0) : found], slice);
  return { ...page, next_cursor: page.next_cursor ?? (end ? formatCursor(end) : null) };
}

/**
 * Applies a notification again, by way of the queue: from its stored bytes, or else by asking the provider.
 * @throws ServiceError `not_found` when it was not for an account of the caller's companies; `conflict` when it has no
 *   bytes and the provider cannot be asked for what it said
 */
export async function replayNotification(ctx: UserCtx, id: string): Promise<NotificationResponse> {
  const mine = sql`id = ${id} AND account_id IN (SELECT id FROM ems_accounts WHERE company_id ${inCompanies(ctx)})`;
  const [row] = await ctx.db.all(sql<NotificationRow>`SELECT * FROM ems_deliveries WHERE ${mine}`);
  if (!row) throw notFound("Delivery");
  const source = await sourceOf(ctx, row);
  // It stays parked until it is in the queue: cron replays what is parked.
  await enqueueNotification(ctx.env, { ...source, received_at: row.received_at, replay: true });
  await ctx.db.run(sql`
    UPDATE ems_deliveries SET state = 'received', attempts = 0, error = NULL, finished_at = NULL, retry_at = NULL
    WHERE ${mine} AND state = 'parked'`);
  return toResponse({ ...row, state: "received", attempts: 0, error: null, finished_at: null });
}

/** @throws ServiceError `conflict` */
async function sourceOf(
  { env }: Ctx,
  row: NotificationRow,
): Promise<Pick<QueuedNotification, "key" | "bytes">> {
  if (row.key !== "" && (await env.ATTACHMENTS.head(row.key))) return { key: row.key };
  const bytes = recall(row);
  if (bytes) return { bytes };
  throw new ServiceError(
    "conflict",
    `The bytes of this delivery are not kept, and the provider cannot be asked again for "${row.type}"`,
  );
}

/** Per call: the caller waits for ten sends to the queue. */
const REPLAYED_PER_CALL = 1000;

/**
 * Applies parked notifications again, all of them or those that the query selects, by way of the queue.
 * @returns how many notifications; at 1,000 there may be more, so the caller asks again
 */
export async function replayParked(ctx: UserCtx, query: ReplayQuery): Promise<{ replayed: number }> {
  const { type, account_id, before } = query;
  const rows = await ctx.db.all(sql<Replayed>`
    SELECT d.id, d.key, d.received_at FROM ems_accounts a
    CROSS JOIN ems_deliveries d INDEXED BY ems_deliveries_parked_of ON d.account_id = a.id
    WHERE d.state = 'parked' AND a.company_id ${inCompanies(ctx)} ${account_id ? sql`AND a.id = ${account_id}` : sql``}
      ${type ? sql`AND d.type = ${type}` : sql``}
      ${before ? sql`AND d.received_at < ${Math.floor(Date.parse(before) / 1000)}` : sql``}
    LIMIT ${REPLAYED_PER_CALL}`);
  const replayed = rows.slice(0, REPLAYED_PER_CALL); // each part of the database gives up to this many
  await replay(ctx, replayed, sql`0`);
  return { replayed: replayed.length };
}

type Replayed = Pick<NotificationRow, "id" | "key" | "received_at">;

/** Enqueues before it changes the rows: a failure in between replays a notification twice, and loses none. */
async function replay({ db, env }: Ctx, rows: Replayed[], replays: SQL): Promise<void> {
  const again = rows.map(({ key, received_at }) => ({
    body: { key, received_at, replay: true } satisfies QueuedNotification,
  }));
  await sendAll(env.WEBHOOKS, again);
  await db.run(sql`
    UPDATE ems_deliveries
    SET state = 'received', attempts = 0, error = NULL, finished_at = NULL, retry_at = NULL, replays = ${replays}
    WHERE id IN (SELECT value FROM json_each(${JSON.stringify(rows.map(({ id }) => id))})) AND state = 'parked'`);
}

/** Per cron run. */
const RETRIED_PER_RUN = 500;

/** Cron: replays what an outage has parked, the longest due first, until it succeeds or its replays are used up. */
export async function replayDue(ctx: Ctx): Promise<void> {
  const due = await ctx.db.all(sql<Replayed>`
    SELECT id, key, received_at FROM ems_deliveries INDEXED BY ems_deliveries_retry
    WHERE retry_at <= ${nowSeconds()} AND retry_at IS NOT NULL ORDER BY retry_at LIMIT ${RETRIED_PER_RUN}`);
  if (due.length) await replay(ctx, due, sql`replays + 1`);
}

const toResponse = ({
  cause_kind: _kind,
  change: _change,
  replays: _replays,
  key,
  retry_at,
  ...row
}: NotificationRow): NotificationResponse => ({
  ...row,
  key: key || null,
  account_id: row.account_id ?? "",
  received_at: toIso(row.received_at),
  occurred_at: toIsoOrNull(row.occurred_at),
  retry_at: toIsoOrNull(retry_at),
  finished_at: toIsoOrNull(row.finished_at),
});
