import type { UserCtx } from "../context.ts";
import { toEventData } from "./frame.ts";
import { formatPosition, type Position } from "./position.ts";
import { findNext, findStart, type Place, readPlaces } from "./replay.ts";
import { type EventListResponse, type EventsQuery, RESYNC } from "./schemas.ts";

/** What is told of the events before they are read, and the events, which come while they are read. */
export interface Pulled {
  head: Omit<EventListResponse, "items">;
  items: AsyncIterable<EventListResponse["items"][number]>;
}

/**
 * The log as the stream would show it, for clients that ask. Without `since` it tells the position to begin from;
 * after one that cannot be gone on from it says `resync`, as the stream does.
 */
export async function pullEvents(ctx: UserCtx, { since, limit }: EventsQuery): Promise<Pulled> {
  const { position, isKnown, newest } = await findStart(ctx, ctx.user, since);
  if (!since || !isKnown) {
    const at = formatPosition(position);
    return { head: { position: at, has_more: false }, items: listOf(isKnown ? [] : [{ id: at, ...RESYNC }]) };
  }
  const upTo = { newest: Math.max(0, ...newest.values()), limit };
  const found = await findNext(ctx, ctx.user, position, upTo);
  const places = found.slice(0, limit);
  const has_more = found.length > limit;
  const end = new Map(position);
  for (const [company, id] of places) end.set(company, id);
  // All that there was up to the newest has been found: so quiet companies do not fall behind what the log keeps.
  if (!has_more) for (const [company, id] of end) end.set(company, Math.max(id, newest.get(company) ?? 0));
  return { head: { position: formatPosition(end), has_more }, items: itemsAt(ctx, position, places) };
}

async function* listOf<T>(items: T[]): AsyncGenerator<T> {
  yield* items;
}

async function* itemsAt(
  ctx: UserCtx,
  start: Position,
  places: Place[],
): AsyncGenerator<EventListResponse["items"][number]> {
  const position = new Map(start);
  for await (const event of readPlaces(ctx, ctx.user, places)) {
    position.set(event.company_id, event.id);
    yield { id: formatPosition(position), ...toEventData(event) };
  }
}
