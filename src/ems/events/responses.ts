import * as z from "zod/mini";
import { STATES } from "./presence-schemas.ts";

const Event = z.object({
  /** The position after this event, for `since` and Last-Event-ID. */
  id: z.string(),
  type: z.string(),
  thread_id: z.nullable(z.uuid()),
  message_id: z.nullable(z.uuid()),
  company_id: z.nullable(z.int()),
  account_id: z.optional(z.uuid()),
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
