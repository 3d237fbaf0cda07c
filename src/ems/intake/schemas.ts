import * as z from "zod/mini";
import { dateTime, headerText, uuid } from "../../lib/fields.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { cursorQuery } from "../lists/pagination.ts";

export const NotificationParam = lazy(() => z.object({ delivery_id: headerText(200).check(z.minLength(1)) }));

export const NotificationState = lazy(() => z.enum(["received", "applied", "ignored", "parked"]));

export const NotificationsQuery = lazy(() =>
  z.object({
    ...cursorQuery(),
    state: z.optional(NotificationState()),
    type: z.optional(headerText(200)),
    account_id: z.optional(uuid()),
  }),
);
export type NotificationsQuery = Infer<typeof NotificationsQuery>;

/** Selects among parked notifications. All conditions must hold. */
export const ReplayQuery = lazy(() =>
  z.object({
    state: z.optional(z.literal("parked")),
    type: z.optional(headerText(200)),
    account_id: z.optional(uuid()),
    /** Only those received before this time. */
    before: z.optional(dateTime()),
  }),
);
export type ReplayQuery = Infer<typeof ReplayQuery>;
