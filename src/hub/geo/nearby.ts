import { invalid } from "../../lib/errors.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { UserCtx } from "../context.ts";
import type { Found, Page } from "../lists.ts";
import { mediaUrl } from "../media/urls.ts";
import { CARD_COLUMNS, type CardRow } from "../people/card.ts";
import { isOpenTo } from "../people/visibility.ts";
import {
  cellOf,
  cellsWithin,
  centreOf,
  distanceKm,
  FINE,
  type Position,
  WIDE,
  WIDE_REACH_KM,
  wideCellOf,
} from "./cells.ts";
import type { NearbyPerson } from "./responses.ts";

// Security: a distance is that to the middle of the cell of 0.01 degrees that somebody is in, and nothing else of the
// position is read. So people in one cell answer alike, wherever and however often it is asked.

const MOST = 100;
/** Up to here, cells are walked one by one. Farther, wide cells are. */
const NEAR_KM = 20;
/** Rows read of wide cells, whose people are only then sorted by distance. */
const MOST_FAR = 500;

type NearbyRow = CardRow & { bio: string; cell: number };

/**
 * Lists people who share a location, the 100 nearest.
 * @param km the distance up to which people are listed
 * @throws ServiceError invalid if the caller shares none
 */
export async function listNearby(ctx: UserCtx, km: number, page: Page): Promise<Found<NearbyPerson>> {
  const from = await findOwn(ctx);
  const near = await findNear(ctx, from, Math.min(km, NEAR_KM));
  const far = km > NEAR_KM && near.length < MOST ? await findFar(ctx, from, km) : [];
  const people = new Map([...near, ...far].map((row) => [row.user_id, row]));
  const found = [...people.values()]
    .map((row) => ({ row, km: distanceTo(from, row.cell) }))
    .filter((each) => each.km <= km)
    .sort((a, b) => a.km - b.km)
    .slice(0, MOST);
  const items = found
    .slice(page.offset, page.offset + page.limit)
    .map((each) => toNearby(each.row, each.km, ctx.origin));
  return { items, total: found.length };
}

async function findOwn({ db, user }: UserCtx): Promise<Position> {
  const [own] = await db.all(sql<{ lat: string; long: string }>`
    SELECT lat, long FROM hub_locations WHERE user_id = ${user.id}`);
  if (!own) throw invalid("Share your own location first.");
  return { lat: Number(own.lat), long: Number(own.long) };
}

/** Without the cells of empty wide cells: in a desert they are nearly all. */
async function findNear(ctx: UserCtx, from: Position, km: number): Promise<NearbyRow[]> {
  const wide = cellsWithin(from, km + WIDE_REACH_KM, WIDE);
  const inhabited = await ctx.db.all(sql<{ value: number }>`
    SELECT c.value FROM json_each(${JSON.stringify(wide)}) c
    WHERE EXISTS (SELECT 1 FROM hub_locations l WHERE l.wide_cell = c.value AND l.user_id <> ${ctx.user.id})`);
  const isInhabited = new Set(inhabited.map(({ value }) => value));
  // One's own cell belongs to it, however small the distance is.
  const cells = new Set([cellOf(from, FINE), ...cellsWithin(from, km, FINE)]);
  const walked = [...cells].filter((cell) => isInhabited.has(wideCellOf(cell)));
  return ctx.db.all(walk(ctx, walked, sql.raw("cell"), MOST));
}

const findFar = (ctx: UserCtx, from: Position, km: number): Promise<NearbyRow[]> =>
  ctx.db.all(walk(ctx, cellsWithin(from, km + WIDE_REACH_KM, WIDE), sql.raw("wide_cell"), MOST_FAR));

/** Reads who is in some cells. CROSS JOIN keeps the order of the cells, so that LIMIT ends with the nearest. */
const walk = (
  { user }: UserCtx,
  cells: number[],
  column: SQL,
  most: number,
): SQL<NearbyRow> => sql<NearbyRow>`
  SELECT ${CARD_COLUMNS}, u.bio, l.cell
  FROM json_each(${JSON.stringify(cells)}) c
  CROSS JOIN hub_locations l ON l.${column} = c.value
  CROSS JOIN hub_users u ON u.id = l.user_id
  WHERE l.user_id <> ${user.id} AND ${isOpenTo(user.id)} LIMIT ${most}`;

const distanceTo = (from: Position, cell: number): number =>
  cell === cellOf(from, FINE) ? 0 : distanceKm(from, centreOf(cell, FINE));

const STEPS = [0.5, 1, 2, 3, 5, 10];

/** Rounds a distance up to the next step. */
const stepOf = (km: number): number => STEPS.find((step) => km <= step) ?? Math.ceil(km / 10) * 10;

const toNearby = (row: NearbyRow, km: number, origin: string): NearbyPerson => ({
  id: row.user_id,
  first_name: row.first_name,
  last_name: row.last_name,
  username: row.username,
  bio: row.bio,
  profile_picture: mediaUrl(origin, row.user_picture),
  distance: stepOf(km),
});
