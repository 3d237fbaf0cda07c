import * as z from "zod/mini";
import { wholeNumber } from "../../lib/fields.ts";

const MAX_EVENTS = 1000;

export const EventsQuery = z.object({
  since: z.optional(z.string()),
  limit: z._default(
    z.pipe(
      wholeNumber,
      z
        .int()
        .check(z.minimum(1, "must be at least 1"), z.maximum(MAX_EVENTS, `must be at most ${MAX_EVENTS}`)),
    ),
    100,
  ),
});
export type EventsQuery = z.infer<typeof EventsQuery>;

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

/** Tells the client that it may have missed events, and must read its lists again. */
export const RESYNC = { type: "resync", thread_id: null, message_id: null, company_id: null } as const;

export const TicketResponse = z.object({
  ticket: z.string(),
  /** In seconds. */
  expires_in: z.int(),
});
export type TicketResponse = z.infer<typeof TicketResponse>;
