import { formatEvent } from "../../lib/sse.ts";
import type { LoggedEvent } from "./log.ts";

/** The data of an event for clients. Fields that do not apply are null, except `account_id`, which is left out. */
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
 * What a hub sends to a stream in one message: events of the log in order, or one event outside the log. Each has its
 * id in the log (null outside), and its SSE text. The text has no `id:` line: that is a position, and each stream has
 * its own.
 */
export type Packet = [id: number | null, frame: string][];

/** Formats an event as SSE text without an `id:` line. */
export const toFrame = (event: LoggedEvent): string => formatEvent(event.type, toEventData(event));
