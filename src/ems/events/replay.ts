import type { Database } from "../../platform/d1/database.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { Ctx } from "../context.ts";
import type { CurrentUser } from "../user.ts";
import { type DetailedEvent, readDetails } from "./details.ts";
import { EVENT_COLUMNS, type LoggedEvent, newestEvent } from "./log.ts";
import { type Position, parsePosition, positionAt } from "./position.ts";

/** A client that missed more events than this gets a resync: reading the lists again is cheaper. */
export const REPLAY_LIMIT = 5000;

/** Where a client starts to read the log. */
export interface Start {
  position: Position;
  /** False when events before `position` may be lost: the client must read its lists again. */
  isGapless: boolean;
  /** Per company, the newest id at the time of the read. */
  newest: Position;
}

/**
 * Resolves where a client starts, for the companies of its current token: after `since`, or at the end of the log.
 * There is a gap when `since` is damaged, ahead of the log, or lacks one of the companies. There is one, too, when it is
 * older than the log, or than the last restore of the database.
 */
export async function resolveStart(
  ctx: Ctx,
  { companies }: CurrentUser,
  since: string | undefined,
): Promise<Start> {
  const bounds = await ctx.db.all(sql<{ newest: number; oldest: number | null }>`
    SELECT *, max((SELECT min(id) FROM ems_events), coalesce((
      SELECT max(id) FROM ems_events WHERE company_id IS NULL AND type = 'restored'), 0)) AS oldest FROM (${newestEvent})`);
  const newest = positionAt(companies, (company) => ctx.db.rowOf(company, bounds)?.newest ?? 0);
  if (!since) return { position: new Map(newest), isGapless: true, newest };
  const given = parsePosition(since);
  const position: Position = new Map();
  for (const [company, last] of newest) {
    const id = given?.get(company);
    const oldest = ctx.db.rowOf(company, bounds)?.oldest ?? last + 1;
    if (id !== undefined && id >= oldest - 1 && id <= last) position.set(company, id);
  }
  const isGapless = given !== null && position.size === companies.length;
  return { position: isGapless ? position : new Map(newest), isGapless, newest };
}

/** Identifies an event. The id alone is not enough: each part of the database counts its own events. */
export type EventKey = [company: number, id: number];

/**
 * Finds the events that a user may see and has not received. Memory is bounded by REPLAY_LIMIT keys per audience and
 * part of the database, for any number of companies.
 * @param behind the user's position, with only the companies to read
 * @param last the highest event id to read
 * @returns the keys in commit order; null when there are more than REPLAY_LIMIT
 */
export async function findMissed(
  ctx: Ctx,
  { user_id }: CurrentUser,
  behind: Position,
  last = Number.MAX_SAFE_INTEGER,
): Promise<EventKey[] | null> {
  // A statement per audience: each reads a part of the index, and skips the private events of colleagues. The keys come
  // as one JSON text, which takes a fraction of the memory of rows.
  const part = (stands: EventKey[], audience: SQL) => sql<{ keys: string }>`
    SELECT json_group_array(json_array(company_id, id)) AS keys FROM (
      SELECT e.company_id, e.id FROM json_each(${JSON.stringify(stands)}) stand
      CROSS JOIN ems_events e INDEXED BY ems_events_audience
        ON e.company_id = stand.value ->> 0 AND e.id > stand.value ->> 1 AND e.id <= ${last}
      WHERE ${audience} LIMIT ${REPLAY_LIMIT + 1})`;
  const parts = await inEachPart(ctx, [...behind], (db, stands) =>
    db.batch([part(stands, sql`e.user_id IS NULL`), part(stands, sql`e.user_id = ${user_id}`)]),
  );
  const found = parts.flat(2).flatMap(({ keys }): EventKey[] => JSON.parse(keys));
  return found.length > REPLAY_LIMIT ? null : found.sort(([, a], [, b]) => a - b);
}

/** Reads in each part of the database, with the keys of its companies only. */
const inEachPart = <Result>(
  { db }: Ctx,
  keys: EventKey[],
  read: (db: Database, keys: EventKey[]) => Promise<Result>,
): Promise<Result[]> =>
  Promise.all([...Map.groupBy(keys, ([company]) => db.forCompany(company))].map((part) => read(...part)));

/**
 * Finds the next events that a user may see and has not received, however far behind the user is.
 * @param newest the highest event id to read
 * @param limit below REPLAY_LIMIT
 * @returns the keys in commit order: more than `limit` of them, or all
 */
export async function findNext(
  ctx: Ctx,
  user: CurrentUser,
  behind: Position,
  { newest, limit }: { newest: number; limit: number },
): Promise<EventKey[]> {
  let [low, high, last] = [Math.min(newest, ...behind.values()), newest, newest];
  let keys = await findMissed(ctx, user, behind, last);
  // Too many to hold: bisect for an upper id with more than `limit` events and at most REPLAY_LIMIT.
  while (keys === null || (keys.length <= limit && last < newest)) {
    if (keys === null) high = last;
    else low = last;
    last = Math.floor((low + high) / 2);
    keys = await findMissed(ctx, user, behind, last);
  }
  return keys;
}

/** How many events are read and held at a time. */
const PORTION = 200;

/** Reads events by their keys, in order. An event that was pruned in the meantime is left out. */
export async function* readByKeys(
  ctx: Ctx,
  { user_id }: CurrentUser,
  keys: EventKey[],
): AsyncGenerator<DetailedEvent, void> {
  for (let start = 0; start < keys.length; start += PORTION) {
    const parts = await inEachPart(ctx, keys.slice(start, start + PORTION), (db, some) => {
      const chosen = sql<LoggedEvent>`
        SELECT ${EVENT_COLUMNS} FROM (
          SELECT value ->> 0 AS company, value ->> 1 AS place FROM json_each(${JSON.stringify(some)}))
        CROSS JOIN ems_events ON id = place AND company_id = company
        WHERE user_id IS NULL OR user_id = ${user_id}`;
      return readDetails(db, chosen);
    });
    yield* parts.flat().sort((a, b) => a.id - b.id);
  }
}
