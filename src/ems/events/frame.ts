import { formatEvent } from "../../lib/sse.ts";
import type { LoggedEvent } from "./log.ts";

/** What a client gets of an event: what does not apply is null. */
export const toEventData = ({
  type,
  thread_id,
  message_id,
  company_id,
  account_id,
}: Omit<LoggedEvent, "id" | "user_id">) => ({
  type,
  thread_id,
  message_id,
  company_id,
  ...(account_id === null ? {} : { account_id }),
});

/**
 * What a hub sends to a stream: the event's id and its text. The text is without an SSE id, which names the
 * position of one stream; what is not in the log has no id at all.
 */
export type Packet = [id: number | null, frame: string];

/** The event as a stream shows it, but for its id. */
export const toFrame = (event: LoggedEvent): string => formatEvent(event.type, toEventData(event));
