import { formatEvent } from "../../lib/sse.ts";
import { type DetailedEvent, detailsOf } from "./details.ts";
import type { EventDetails } from "./responses.ts";

/** Characters of an event. A longer one is sent without its items. */
const MAX_EVENT = 16_384;
/** Characters of a packet, unless a single event is longer. */
const MAX_PACKET = 32_768;

/**
 * The data of an event for clients. Of the contract's fields, those that do not apply are null. `account_id` is left
 * out then.
 * @param userId null for everyone who has not touched the message: see `personalize`
 */
export function toEventData(event: DetailedEvent, userId: number | null) {
  const { type, thread_id, message_id, company_id, account_id } = event;
  const data = { type, thread_id, message_id, company_id, ...(account_id === null ? {} : { account_id }) };
  const details = detailsOf(event, userId);
  return { ...data, ...(JSON.stringify(details).length <= MAX_EVENT ? details : withoutValues(details)) };
}

const withoutValues = (details: EventDetails): EventDetails =>
  Object.fromEntries(Object.keys(details).map((name) => [name, null]));

/**
 * What a hub sends to a stream in one message: events of the log in order, or one event outside the log. Each has its
 * id in the log (null outside), and its SSE text. The text has no `id:` line: that is a position, and each stream has
 * its own.
 */
export type Packet = [id: number | null, frame: string][];

/** Formats an event as SSE text without an `id:` line. @param userId as in `toEventData` */
export const toFrame = (event: DetailedEvent, userId: number | null): string =>
  formatEvent(event.type, toEventData(event, userId));

/** Formats events, in packets of bounded length. @param userId as in `toEventData` */
export function toPackets(events: DetailedEvent[], userId: number | null): Packet[] {
  const packets: Packet[] = [];
  let room = 0;
  for (const event of events) {
    const frame = toFrame(event, userId);
    if (frame.length > room) {
      packets.push([]);
      room = MAX_PACKET;
    }
    packets.at(-1)?.push([event.id, frame]);
    room -= frame.length;
  }
  return packets;
}
