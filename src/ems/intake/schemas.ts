import * as z from "zod/mini";
import { headerText, uuid } from "../../lib/fields.ts";
import { cursorQuery } from "../lists/pagination.ts";

export const NotificationParam = z.object({ delivery_id: headerText(200).check(z.minLength(1)) });

const NotificationState = z.enum(["received", "applied", "ignored", "parked"]);

export const NotificationsQuery = z.object({
  ...cursorQuery,
  state: z.optional(NotificationState),
  type: z.optional(headerText(200)),
  account_id: z.optional(uuid),
});
export type NotificationsQuery = z.infer<typeof NotificationsQuery>;

/** Selects among parked notifications. All conditions must hold. */
export const ReplayQuery = z.object({
  state: z.optional(z.literal("parked")),
  type: z.optional(headerText(200)),
  account_id: z.optional(uuid),
  /** Only those received before this time. */
  before: z.optional(z.iso.datetime({ offset: true })),
});
export type ReplayQuery = z.infer<typeof ReplayQuery>;

export const ReplayResponse = z.object({ replayed: z.int() });

export const NotificationResponse = z.object({
  /** The provider's id of the notification. */
  id: z.string(),
  type: z.string(),
  grant_id: z.nullable(z.string()),
  account_id: z.uuid(),
  received_at: z.iso.datetime(),
  occurred_at: z.nullable(z.iso.datetime()),
  state: NotificationState,
  attempts: z.int(),
  error: z.nullable(z.string()),
  finished_at: z.nullable(z.iso.datetime()),
  /** When cron replays it, if an outage has parked it. */
  retry_at: z.nullable(z.iso.datetime()),
  /** The R2 key of its bytes, which are kept for 30 days. */
  key: z.string(),
});
export type NotificationResponse = z.infer<typeof NotificationResponse>;

export const NotificationListResponse = z.object({
  items: z.array(NotificationResponse),
  /** How many of all have failed and wait to be replayed; 1,000 means 1,000 or more. */
  parked_count: z.int(),
  next_cursor: z.nullable(z.string()),
});
export type NotificationListResponse = z.infer<typeof NotificationListResponse>;
