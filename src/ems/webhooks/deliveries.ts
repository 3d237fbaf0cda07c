import { sql } from "drizzle-orm";
import { ApiError, notFound } from "../../lib/errors.ts";
import { cutPage, type Position, rowsFor } from "../../lib/pagination.ts";
import { nowSeconds, toIso, toIsoOrNull } from "../../lib/time.ts";
import { batch, type Ctx, inCompanies, type UserCtx } from "../context.ts";
import { after, totalOf } from "../lists.ts";
import { deliveries } from "../schema/intake.ts";
import { grantOf, type Notification, type QueuedNotification } from "./notification.ts";
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
      occurred_at: notification.time === undefined ? null : Math.trunc(notification.time),
      attempts: failed,
      key: queued.key,
      ...outcome,
    })
    .onConflictDoUpdate({
      target: deliveries.id,
      set: { ...outcome, attempts: sql`${deliveries.attempts} + ${failed}` },
    });
}

/** The deliveries to the accounts of the caller's companies, newest first. */
export async function listDeliveries(ctx: UserCtx, query: DeliveriesQuery): Promise<DeliveryListResponse> {
  const { size, cursor, state, type } = query;
  const slice = { first: 0, size };
  const accounts = await ctx.db.all<{ id: string }>(sql`
    SELECT id FROM ems_accounts
    WHERE company_id ${inCompanies(ctx)} ${query.account_id ? sql`AND id = ${query.account_id}` : sql``}`);
  const lists = await batch(
    ctx,
    accounts.map(
      ({ id }) => sql`
        SELECT *, received_at AS at FROM ems_deliveries WHERE account_id = ${id} ${after("received_at", "id", cursor)}
          ${state ? sql`AND state = ${state}` : sql``} ${type ? sql`AND type = ${type}` : sql``}
        ORDER BY received_at DESC, id DESC LIMIT ${rowsFor(slice)}`,
    ),
  );
  const { rows, next_cursor } = cutPage(lists as (DeliveryRow & Position)[][], slice);
  return { items: rows.map(({ at: _at, ...row }) => toResponse(row)), next_cursor };
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
