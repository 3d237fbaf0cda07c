import type { UserCtx } from "../context.ts";
import { toEventData } from "./frame.ts";
import { formatPosition, type Position } from "./position.ts";
import { type EventKey, findNext, readByKeys, resolveStart } from "./replay.ts";
import type { EventListResponse } from "./responses.ts";
import { type EventsQuery, RESYNC } from "./schemas.ts";

/** An event of the log with the position after it. */
type PulledEvent = { id: string } & (ReturnType<typeof toEventData> | typeof RESYNC);

/** The fields of the response that are known before the events are read, and the events, read on demand. */
export interface Pulled {
  head: Omit<EventListResponse, "items">;
  items: AsyncIterable<PulledEvent>;
}

/**
 * Reads the log as the stream would show it, for clients that poll. Without `since` there are no events, only the
 * position to start from. If events after `since` may be missing, the only event is `resync`.
 */
export async function pullEvents(ctx: UserCtx, { since, limit }: EventsQuery): Promise<Pulled> {
  const { position, isGapless, newest } = await resolveStart(ctx, ctx.user, since);
  if (!since || !isGapless) {
    const at = formatPosition(position);
    return {
      head: { position: at, has_more: false },
      items: listOf(isGapless ? [] : [{ id: at, ...RESYNC }]),
    };
  }
  const upTo = { newest: Math.max(0, ...newest.values()), limit };
  const found = await findNext(ctx, ctx.user, position, upTo);
  const keys = found.slice(0, limit);
  const has_more = found.length > limit;
  const end = new Map(position);
  for (const [company, id] of keys) end.set(company, id);
  // Everything up to `newest` was read. Moving quiet companies there keeps their position within the log's retention.
  if (!has_more) for (const [company, id] of end) end.set(company, Math.max(id, newest.get(company) ?? 0));
  return { head: { position: formatPosition(end), has_more }, items: itemsAt(ctx, position, keys) };
}

async function* listOf<T>(items: T[]): AsyncGenerator<T> {
  yield* items;
}

async function* itemsAt(ctx: UserCtx, start: Position, keys: EventKey[]): AsyncGenerator<PulledEvent> {
  const position = new Map(start);
  for await (const event of readByKeys(ctx, ctx.user, keys)) {
    position.set(event.company_id, event.id);
    yield { id: formatPosition(position), ...toEventData(event, ctx.user.user_id) };
  }
}
