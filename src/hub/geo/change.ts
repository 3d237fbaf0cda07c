import { invalid, notFound } from "../../lib/errors.ts";
import { sql } from "../../platform/d1/sql.ts";
import { assign } from "../../platform/d1/write.ts";
import type { UserCtx } from "../context.ts";
import { enqueueSoon } from "../jobs.ts";
import type { locations } from "../schema/users.ts";
import { FIRST_DUE_MS, findAddress } from "./addresses.ts";
import { cellOf, FINE, wideCellOf } from "./cells.ts";
import type { LocationResponse } from "./responses.ts";
import { LOCATION_COLUMNS, type LocationRow, toLocation } from "./row.ts";
import type { LocationInput } from "./schemas.ts";

/**
 * Begins to share the caller's location. The geocoder's address comes later, by a job.
 * @throws ServiceError invalid if there is one already
 */
export async function createLocation(ctx: UserCtx, input: LocationInput): Promise<LocationResponse> {
  const values = await valuesOf(ctx, input);
  const names = sql.raw(Object.keys(values).join(", "));
  const list = sql.join(
    Object.values(values).map((value) => sql`${value}`),
    sql`, `,
  );
  // Race: an account whose deletion has begun gets no row any more.
  const [row] = await ctx.db.all(sql<LocationRow>`
    INSERT INTO hub_locations (user_id, created_at, ${names})
    SELECT id, ${values.updated_at}, ${list} FROM hub_users WHERE id = ${ctx.user.id} AND deleted_at IS NULL
    ON CONFLICT (user_id) DO NOTHING RETURNING ${LOCATION_COLUMNS}`);
  if (!row) throw invalid("You have a location already. Change it by PUT.");
  if (values.address_due_at !== null) askSoon(ctx);
  return toLocation(row);
}

/** Changes the caller's location. @throws ServiceError not_found without one */
export async function updateLocation(ctx: UserCtx, input: LocationInput): Promise<LocationResponse> {
  const values = await valuesOf(ctx, input);
  const [row] = await ctx.db.all(sql<LocationRow>`
    UPDATE hub_locations SET ${assign<typeof locations>(values)}
    WHERE user_id = ${ctx.user.id} RETURNING ${LOCATION_COLUMNS}`);
  if (!row) throw notFound("Location");
  if (values.address_due_at !== null) askSoon(ctx);
  return toLocation(row);
}

/** Ends sharing the caller's location. @throws ServiceError not_found without one */
export async function deleteLocation({ db, user }: UserCtx): Promise<void> {
  const removed = await db.all(sql`DELETE FROM hub_locations WHERE user_id = ${user.id} RETURNING id`);
  if (removed.length === 0) throw notFound("Location");
}

async function valuesOf(ctx: UserCtx, { lat, long }: LocationInput) {
  const position = { lat: Number(lat), long: Number(long) };
  const cell = cellOf(position, FINE);
  const { address, isDue } = await findAddress(ctx, position);
  const now = Date.now();
  return {
    lat,
    long,
    cell,
    wide_cell: wideCellOf(cell),
    ...address,
    address_due_at: isDue ? now + FIRST_DUE_MS : null,
    updated_at: now,
  };
}

/** It never fails: cron finds what is due. */
const askSoon = (ctx: UserCtx): void => enqueueSoon(ctx, { type: "geocode", userId: ctx.user.id });
