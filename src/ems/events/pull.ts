import type { UserCtx } from "../context.ts";
import { type LoggedEvent, toEventData } from "./log.ts";
import { formatPosition } from "./position.ts";
import { findStart, readMissed } from "./replay.ts";
import { type EventListResponse, type EventsQuery, RESYNC } from "./schemas.ts";

/**
 * The log as the stream would show it, for clients that ask. Without `since` it tells the position to begin from;
 * after one that cannot be gone on from it says `resync`, as the stream does.
 */
export async function pullEvents(ctx: UserCtx, { since, limit }: EventsQuery): Promise<EventListResponse> {
  const { position, isKnown, newest } = await findStart(ctx, ctx.user, since);
  if (!since || !isKnown) {
    const at = formatPosition(position);
    return { items: isKnown ? [] : [{ id: at, ...RESYNC }], position: at, has_more: false };
  }
  const events = await readMissed(ctx, ctx.user, position, limit + 1);
  const has_more = events.length > limit;
  const items = events.slice(0, limit).map((event: LoggedEvent) => {
    position.set(event.company_id, event.id);
    return { id: formatPosition(position), ...toEventData(event) };
  });
  // All that there was up to the newest has been read: so quiet companies do not fall behind what the log keeps.
  if (!has_more)
    for (const [company, id] of position) position.set(company, Math.max(id, newest.get(company) ?? 0));
  return { items, position: formatPosition(position), has_more };
}
