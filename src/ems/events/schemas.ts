import * as z from "zod";
import { wholeNumber } from "../../lib/validation.ts";

const MAX_EVENTS = 1000;

export const EventsQuery = z.object({
  since: z.string().optional(),
  limit: wholeNumber
    .pipe(z.int().min(1, "must be at least 1").max(MAX_EVENTS, `must be at most ${MAX_EVENTS}`))
    .default(100),
});
export type EventsQuery = z.infer<typeof EventsQuery>;

const Event = z.object({
  /** The position after it: what `since` and Last-Event-ID take. */
  id: z.string(),
  type: z.string(),
  thread_id: z.uuid().nullable(),
  message_id: z.uuid().nullable(),
  company_id: z.int().nullable(),
  account_id: z.uuid().optional(),
});

export const EventListResponse = z.object({
  items: z.array(Event),
  /** The position after all of them. */
  position: z.string(),
  has_more: z.boolean(),
});
export type EventListResponse = z.infer<typeof EventListResponse>;

/** Says that events may have been missed: read the lists again. */
export const RESYNC = { type: "resync", thread_id: null, message_id: null, company_id: null } as const;

export const TicketResponse = z.object({
  ticket: z.string(),
  /** In seconds. */
  expires_in: z.int(),
});
export type TicketResponse = z.infer<typeof TicketResponse>;
