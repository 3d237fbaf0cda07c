import * as z from "zod/mini";
import { wholeNumber } from "../../lib/fields.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";

const MAX_EVENTS = 1000;

export const EventsQuery = lazy(() =>
  z.object({
    since: z.optional(z.string()),
    limit: z._default(
      z.pipe(
        wholeNumber(),
        z
          .int()
          .check(z.minimum(1, "must be at least 1"), z.maximum(MAX_EVENTS, `must be at most ${MAX_EVENTS}`)),
      ),
      100,
    ),
  }),
);
export type EventsQuery = Infer<typeof EventsQuery>;

/** Tells the client that it may have missed events, and must read its lists again. */
export const RESYNC = { type: "resync", thread_id: null, message_id: null, company_id: null } as const;
