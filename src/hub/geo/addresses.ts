import * as z from "zod/mini";
import { lazy } from "../../lib/lazy.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { sendAll } from "../../platform/queues.ts";
import type { Ctx } from "../context.ts";
import type { Job } from "../jobs.ts";
import type { Position } from "./cells.ts";
import { type Address, askGeocoder } from "./geocoder.ts";
import { nearestPlace, placesNear } from "./places.ts";

/** How long an address is kept, in milliseconds. */
const KEPT_MS = 90 * 24 * 3600_000;

/** When cron asks first, and again, in milliseconds: the queue tries for eight hours by itself. */
export const FIRST_DUE_MS = 10 * 60_000;
const NEXT_DUE_MS = 12 * 3600_000;

/** Locations or addresses in one round of cron. */
const ROUND = 100;

const Cached = lazy(() => {
  const field = z.nullable(z.string());
  return z.object({ country: field, city: field, county: field, neighbourhood: field });
});

const rounded = (degrees: number): string => (Math.round(degrees * 1000) / 1000).toFixed(3);

/** A position rounded to 0.001 degrees, about 100 m. */
const roundedOf = ({ lat, long }: Position) => ({ lat: rounded(lat), long: rounded(long) });

const keyOf = (position: Position): string => Object.values(roundedOf(position)).join();

const cachedAt = (position: Position): SQL<{ address: string }> => sql<{ address: string }>`
  SELECT address FROM hub_addresses WHERE position = ${keyOf(position)} AND expires_at > ${Date.now()}`;

const readCached = (row: { address: string } | undefined): Address | null =>
  row ? Cached().parse(JSON.parse(row.address)) : null;

const isEmpty = (address: Address): boolean => Object.values(address).every((value) => value === null);

/**
 * Finds what is known of a position without waiting for others: an earlier answer of the geocoder, else country and city
 * from the table.
 * @returns the address, and whether the geocoder is to be asked
 */
export async function findAddress(
  { config, db }: Ctx,
  position: Position,
): Promise<{ address: Address; isDue: boolean }> {
  const [cachedRows, places] = await db.batch([cachedAt(position), placesNear(position)]);
  const cached = config.HUB_GEOCODER_URL ? readCached(cachedRows[0]) : null;
  if (cached && !isEmpty(cached)) return { address: cached, isDue: false };
  const place = nearestPlace(position, places);
  const address = {
    country: place?.country ?? null,
    city: place?.city ?? null,
    county: null,
    neighbourhood: null,
  };
  return { address, isDue: config.HUB_GEOCODER_URL !== undefined && !cached };
}

/**
 * The job `geocode`: asks the geocoder for the address of somebody's position, and keeps the answer.
 * @throws Error if it does not answer: the queue tries again, and cron after it
 */
export async function geocode(ctx: Ctx, { userId }: Extract<Job, { type: "geocode" }>): Promise<void> {
  const url = ctx.config.HUB_GEOCODER_URL;
  const [row] = await ctx.db.all(sql<{ lat: string; long: string }>`
    SELECT lat, long FROM hub_locations WHERE user_id = ${userId} AND address_due_at IS NOT NULL`);
  if (!row || !url) return;
  const position = { lat: Number(row.lat), long: Number(row.long) };
  const [known] = await ctx.db.all(cachedAt(position));
  const address = readCached(known) ?? (await askGeocoder(url, roundedOf(position)));
  // An answer that knows nothing leaves what the table gave.
  const values = isEmpty(address)
    ? sql``
    : sql`country = ${address.country}, city = ${address.city}, county = ${address.county},
        neighbourhood = ${address.neighbourhood},`;
  await ctx.db.batch([
    ...(known ? [] : [keep(position, address)]),
    // Race: the person may have moved on meanwhile.
    sql`UPDATE hub_locations SET ${values} address_due_at = NULL
        WHERE user_id = ${userId} AND lat = ${row.lat} AND long = ${row.long}`,
  ]);
}

const keep = (position: Position, address: Address): SQL => sql`
  INSERT INTO hub_addresses (position, address, expires_at)
  VALUES (${keyOf(position)}, ${JSON.stringify(address)}, ${Date.now() + KEPT_MS})
  ON CONFLICT (position) DO UPDATE SET address = excluded.address, expires_at = excluded.expires_at`;

/** Cron: asks for addresses whose job was lost, or has failed every retry. @returns how many */
export async function requestAddresses({ config, db, env }: Ctx): Promise<number> {
  if (!config.HUB_GEOCODER_URL) return 0;
  const due = await db.all(sql<{ user_id: number }>`
    SELECT user_id FROM hub_locations WHERE address_due_at <= ${Date.now()} ORDER BY address_due_at LIMIT ${ROUND}`);
  const ids = due.map(({ user_id }) => user_id);
  await sendAll<Job>(
    env.HUB_JOBS,
    ids.map((userId) => ({ body: { type: "geocode", userId } })),
  );
  await db.run(sql`
    UPDATE hub_locations SET address_due_at = ${Date.now() + NEXT_DUE_MS}
    WHERE user_id IN (SELECT value FROM json_each(${JSON.stringify(ids)})) AND address_due_at IS NOT NULL`);
  return ids.length;
}

/** Cron: removes addresses that are too old. @returns how many */
export async function removeOldAddresses({ db }: Ctx): Promise<number> {
  const removed = await db.all(sql`
    DELETE FROM hub_addresses WHERE position IN (
      SELECT position FROM hub_addresses WHERE expires_at <= ${Date.now()} ORDER BY expires_at LIMIT ${ROUND})
    RETURNING position`);
  return removed.length;
}
