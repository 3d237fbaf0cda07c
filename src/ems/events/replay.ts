import { type SQL, sql } from "drizzle-orm/sql";
import { batch, type Ctx } from "../context.ts";
import type { CurrentUser } from "../user.ts";
import { EVENT_COLUMNS, type LoggedEvent, newestEvent } from "./log.ts";
import { type Position, parsePosition, positionAt } from "./position.ts";

/** Whoever has missed more events than this is better off reading the lists again. */
export const REPLAY_LIMIT = 5000;

export interface Start {
  position: Position;
  /** False when what came before cannot be told: the client has to read its lists again. */
  isKnown: boolean;
  /** The newest event of each company's log when this was found out. */
  newest: Position;
}

/**
 * Where a client goes on that was at `since`, or begins without it: in the companies of its current token.
 * Unknown is a position that is damaged, from before what the log still holds, ahead of the log, or without one
 * of the companies.
 */
export async function findStart(
  ctx: Ctx,
  { companies }: CurrentUser,
  since: string | undefined,
): Promise<Start> {
  const bounds = await ctx.db.all(sql<{ newest: number; oldest: number | null }>`
    SELECT *, (SELECT min(id) FROM ems_events) AS oldest FROM (${newestEvent})`);
  const newest = positionAt(companies, (company) => ctx.db.rowOf(company, bounds)?.newest ?? 0);
  if (!since) return { position: new Map(newest), isKnown: true, newest };
  const told = parsePosition(since);
  const position: Position = new Map();
  for (const [company, last] of newest) {
    const id = told?.get(company);
    const oldest = ctx.db.rowOf(company, bounds)?.oldest ?? last + 1;
    if (id !== undefined && id >= oldest - 1 && id <= last) position.set(company, id);
  }
  const isKnown = told !== null && position.size === companies.length;
  return { position: isKnown ? position : new Map(newest), isKnown, newest };
}

/** Where an event is: its company, and its id in that company's log. */
export type Place = [company: number, id: number];

/**
 * Finds what a user may see and has not had. However many companies these are and however far behind the user is, no
 * more is held than the places of REPLAY_LIMIT events.
 * @param behind where the user stands in each company to look at
 * @param last the id of the last event to look at
 * @returns the places in the order of the commits; null when there are more than REPLAY_LIMIT
 */
export async function findMissed(
  ctx: Ctx,
  { user_id }: CurrentUser,
  behind: Position,
  last = Number.MAX_SAFE_INTEGER,
): Promise<Place[] | null> {
  const stands = JSON.stringify([...behind]);
  // A statement per audience, each walking its own index: the index that has both audiences would walk past all that
  // colleagues did for themselves. The places come as one text, which takes a fraction of what as many rows would.
  const part = (index: string, audience: SQL) => sql<{ places: string }>`
    SELECT json_group_array(json_array(company_id, id)) AS places FROM (
      SELECT e.company_id, e.id FROM json_each(${stands}) stand
      CROSS JOIN ems_events e INDEXED BY ${sql.raw(index)}
        ON e.company_id = stand.value ->> 0 AND e.id > stand.value ->> 1 AND e.id <= ${last}
      WHERE ${audience} LIMIT ${REPLAY_LIMIT + 1})`;
  const parts = await batch(ctx, [
    part("ems_events_shared", sql`e.user_id IS NULL`),
    part("ems_events_own", sql`e.user_id = ${user_id}`),
  ]);
  const found = parts.flat().flatMap(({ places }): Place[] => JSON.parse(places));
  return found.length > REPLAY_LIMIT ? null : found.sort(([, a], [, b]) => a - b);
}

/**
 * Finds the next of what a user may see and has not had, however much that is.
 * @param newest the id of the last event to look at
 * @param limit below REPLAY_LIMIT
 * @returns the places in the order of the commits: more than `limit`, or else all
 */
export async function findNext(
  ctx: Ctx,
  user: CurrentUser,
  behind: Position,
  { newest, limit }: { newest: number; limit: number },
): Promise<Place[]> {
  let [low, high, last] = [Math.min(newest, ...behind.values()), newest, newest];
  let places = await findMissed(ctx, user, behind, last);
  // Of more than can be held: an id up to which there are enough, and not too many.
  while (places === null || (places.length <= limit && last < newest)) {
    if (places === null) high = last;
    else low = last;
    last = Math.floor((low + high) / 2);
    places = await findMissed(ctx, user, behind, last);
  }
  return places;
}

/** So many events are read, and held, at a time. */
const PORTION = 200;

/** Reads the events at these places, in their order. One that is gone meanwhile is left out. */
export async function* readPlaces(
  ctx: Ctx,
  { user_id }: CurrentUser,
  places: Place[],
): AsyncGenerator<LoggedEvent, void> {
  for (let start = 0; start < places.length; start += PORTION) {
    const some = JSON.stringify(places.slice(start, start + PORTION));
    // Ids alone would not do: each part of the database counts its events by itself.
    const events = await ctx.db.all(sql<LoggedEvent>`
      SELECT ${EVENT_COLUMNS} FROM (SELECT value ->> 0 AS company, value ->> 1 AS place FROM json_each(${some}))
      CROSS JOIN ems_events ON id = place AND company_id = company
      WHERE user_id IS NULL OR user_id = ${user_id}`);
    yield* events.sort((a, b) => a.id - b.id);
  }
}
