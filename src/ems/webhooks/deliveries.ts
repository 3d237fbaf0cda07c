import { type SQL, sql } from "drizzle-orm";
import { ApiError, notFound } from "../../lib/errors.ts";
import { byNewest, cutPage, formatCursor, type Position, rowsFor } from "../../lib/pagination.ts";
import { nowSeconds, toIso, toIsoOrNull } from "../../lib/time.ts";
import { batch, type Ctx, inCompanies, type UserCtx } from "../context.ts";
import { after, totalOf } from "../lists.ts";
import { deliveries } from "../schema/intake.ts";
import { grantOf, type Notification, occurredAt, type QueuedNotification } from "./notification.ts";
import type { DeliveriesQuery, DeliveryListResponse, DeliveryResponse } from "./schemas.ts";

export type DeliveryRow = typeof deliveries.$inferSelect;

export interface Recorded {
  queued: QueuedNotification;
  notification: Notification;
  accountId: string | null;
}

/**
 * Writes into the ledger what became of a notification. `received` is one that has failed and will come again.
 * @param isCounted whether a failure counts as an attempt
 */
export async function recordDelivery(
  { db }: Ctx,
  { queued, notification, accountId }: Recorded,
  state: DeliveryRow["state"],
  error: string | null,
  isCounted = true,
): Promise<void> {
  const failed = state === "received" && isCounted ? 1 : 0;
  const outcome = {
    state,
    error,
    account_id: accountId,
    finished_at: state === "received" ? null : nowSeconds(),
  };
  await db
    .insert(deliveries)
    .values({
      id: notification.id,
      type: notification.type,
      grant_id: grantOf(notification),
      received_at: queued.received_at,
      occurred_at: occurredAt(notification, queued.received_at),
      attempts: failed,
      key: queued.key,
      ...outcome,
    })
    .onConflictDoUpdate({
      target: deliveries.id,
      set: { ...outcome, attempts: sql`${deliveries.attempts} + ${failed}` },
    });
}

type ListedRow = DeliveryRow & Position;

/**
 * The deliveries to the accounts of the caller's companies, newest first. With a filter a page may hold few or none
 * and still name a cursor: what it asks for may be rare, and no more than the next 1,000 of each account are looked at.
 */
export async function listDeliveries(ctx: UserCtx, query: DeliveriesQuery): Promise<DeliveryListResponse> {
  const accounts = await ctx.db.all<{ id: string }>(sql`
    SELECT id FROM ems_accounts
    WHERE company_id ${inCompanies(ctx)} ${query.account_id ? sql`AND id = ${query.account_id}` : sql``}`);
  const ids = accounts.map(({ id }) => id);
  const isFiltered = query.state !== undefined || query.type !== undefined;
  const { rows, next_cursor } = await (isFiltered ? readMatching : readAll)(ctx, ids, query);
  return { items: rows.map(({ at: _at, ...row }) => toResponse(row)), next_cursor };
}

const newestOf = (accountId: string, { cursor }: DeliveriesQuery, columns: string, limit: number): SQL => sql`
  SELECT ${sql.raw(columns)}, received_at AS at FROM ems_deliveries
  WHERE account_id = ${accountId} ${after("received_at", "id", cursor)}
  ORDER BY received_at DESC, id DESC LIMIT ${limit}`;

async function readAll(ctx: UserCtx, accounts: string[], query: DeliveriesQuery) {
  const slice = { first: 0, size: query.size };
  const lists = accounts.map((id) => newestOf(id, query, "*", rowsFor(slice)));
  return cutPage((await batch(ctx, lists)) as ListedRow[][], slice);
}

/** So many of an account's deliveries are looked at for what a filter lets through. */
const WINDOW = 1000;

async function readMatching(ctx: UserCtx, accounts: string[], query: DeliveriesQuery) {
  const slice = { first: 0, size: query.size };
  const { state, type } = query;
  const results = await batch(ctx, [
    ...accounts.map(
      (id) => sql`
        SELECT * FROM (${newestOf(id, query, "*", WINDOW)})
        WHERE true ${state ? sql`AND state = ${state}` : sql``} ${type ? sql`AND type = ${type}` : sql``}
        LIMIT ${rowsFor(slice)}`,
    ),
    ...accounts.map(
      (id) => sql`SELECT * FROM (${newestOf(id, query, "id", WINDOW)}) LIMIT 1 OFFSET ${WINDOW - 1}`,
    ),
  ]);
  const found = results.slice(0, accounts.length).flat() as ListedRow[];
  const [end] = (results.slice(accounts.length).flat() as Position[]).sort(byNewest);
  // Below where one account was looked at no further, what others have is left for the next page.
  const page = cutPage([end ? found.filter((row) => byNewest(row, end) <= 0) : found], slice);
  return { ...page, next_cursor: page.next_cursor ?? (end ? formatCursor(end) : null) };
}

/**
 * Has a notification applied again, from the bytes that came.
 * @throws ApiError 404 when it was not for an account of the caller's companies; 409 when its bytes are gone
 */
export async function replayDelivery(ctx: UserCtx, id: string): Promise<DeliveryResponse> {
  const mine = sql`id = ${id} AND account_id IN (SELECT id FROM ems_accounts WHERE company_id ${inCompanies(ctx)})`;
  const [row] = await ctx.db.select().from(deliveries).where(mine);
  if (!row) throw notFound("Delivery");
  if (!(await ctx.env.ATTACHMENTS.head(row.key))) {
    throw new ApiError(409, "The bytes of this delivery are kept for 30 days, and are gone");
  }
  await ctx.db.run(sql`
    UPDATE ems_deliveries SET state = 'received', attempts = 0, error = NULL, finished_at = NULL WHERE ${mine}`);
  const queued: QueuedNotification = { key: row.key, received_at: row.received_at, replay: true };
  await ctx.env.WEBHOOKS.send(queued);
  return toResponse({ ...row, state: "received", attempts: 0, error: null, finished_at: null });
}

/** How many notifications wait for somebody to look at them; it counts no further than 1,000. */
export async function countParked({ db }: Ctx): Promise<number> {
  const parked = sql`SELECT count(*) AS total FROM (SELECT 1 FROM ems_deliveries WHERE state = 'parked' LIMIT 1000)`;
  return Math.min(totalOf(await db.all(parked)), 1000);
}

const toResponse = (row: DeliveryRow): DeliveryResponse => ({
  ...row,
  account_id: row.account_id ?? "",
  received_at: toIso(row.received_at),
  occurred_at: toIsoOrNull(row.occurred_at),
  finished_at: toIsoOrNull(row.finished_at),
});
