import * as z from "zod/mini";
import { line, uuid } from "../../lib/fields.ts";
import { cursorQuery } from "../lists/pagination.ts";

export const NotificationParam = z.object({ delivery_id: line(200).check(z.minLength(1)) });

const NotificationState = z.enum(["received", "applied", "ignored", "parked"]);

export const NotificationsQuery = z.object({
  ...cursorQuery,
  state: z.optional(NotificationState),
  type: z.optional(line(200)),
  account_id: z.optional(uuid),
});
export type NotificationsQuery = z.infer<typeof NotificationsQuery>;

/** Of what is parked: only what all of these say. */
export const ReplayQuery = z.object({
  state: z.optional(z.literal("parked")),
  type: z.optional(line(200)),
  account_id: z.optional(uuid),
  /** What was received before this time. */
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
  /** Of one that an outage has parked: when it is tried again. */
  retry_at: z.nullable(z.iso.datetime()),
  /** Where its raw bytes lie in the bucket, for 30 days. */
  key: z.string(),
});
export type NotificationResponse = z.infer<typeof NotificationResponse>;

export const NotificationListResponse = z.object({
  items: z.array(NotificationResponse),
  /** How many, of all, have failed for good and wait for somebody to replay them; 1,000 stands for more. */
  parked_count: z.int(),
  next_cursor: z.nullable(z.string()),
});
export type NotificationListResponse = z.infer<typeof NotificationListResponse>;
