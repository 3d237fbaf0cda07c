import * as z from "zod/mini";
import { InboxItemResponse, ThreadSummary } from "../items/responses.ts";
import { STATES } from "./presence-schemas.ts";

/** The totals of an account's lists: those of `GET /inbox/unread-counts`. */
const CountsResponse = z.object({
  account_id: z.uuid(),
  /** These two are null if they have changed like `message_count`: the user has not touched the message. */
  unread_count: z.nullable(z.int()),
  inbox_count: z.nullable(z.int()),
  message_count: z.int(),
  thread_count: z.int(),
});
export type CountsResponse = z.infer<typeof CountsResponse>;

/** What has changed, as it is now. Null if the event cannot tell: then the lists must be read again. */
const details = {
  items: z.optional(z.nullable(z.array(InboxItemResponse))),
  thread: z.optional(z.nullable(ThreadSummary)),
  counts: z.optional(z.nullable(CountsResponse)),
};
const EventDetails = z.object(details);
export type EventDetails = z.infer<typeof EventDetails>;

const Event = z.object({
  /** The position after this event, for `since` and Last-Event-ID. */
  id: z.string(),
  type: z.string(),
  thread_id: z.nullable(z.uuid()),
  message_id: z.nullable(z.uuid()),
  company_id: z.nullable(z.int()),
  account_id: z.optional(z.uuid()),
  ...details,
});

export const EventListResponse = z.object({
  items: z.array(Event),
  /** The position after all of these events. */
  position: z.string(),
  has_more: z.boolean(),
});
export type EventListResponse = z.infer<typeof EventListResponse>;

export const TicketResponse = z.object({
  ticket: z.string(),
  /** In seconds. */
  expires_in: z.int(),
});
export type TicketResponse = z.infer<typeof TicketResponse>;

export const PresenceResponse = z.object({
  thread_id: z.uuid(),
  state: z.enum(STATES),
  /** In seconds: repeat the request before then. 0 after `left`. */
  expires_in: z.int(),
  /** The other users in the thread. */
  others: z.array(z.object({ user_id: z.int(), state: z.enum(STATES) })),
});
export type PresenceResponse = z.infer<typeof PresenceResponse>;
